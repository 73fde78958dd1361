using System.Diagnostics.CodeAnalysis;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Model;
using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Adapters.SchemaRegistry;

/// <summary>
/// The reader's view of a record: which of its members the definition's used fields name, by paths such as
/// <c>address.city</c>. A tree; immutable once built.
/// </summary>
internal sealed class FieldPath
{
    private readonly Dictionary<string, FieldPath> _members = new(StringComparer.Ordinal);

    private FieldPath(string name) => Name = name;

    /// <summary>The dotted name from the record on.</summary>
    internal string Name { get; }

    /// <summary>The field that the member's value becomes; −1: none, only members of it count.</summary>
    internal int Slot { get; private set; } = -1;

    /// <summary>The type of that field.</summary>
    internal ValueKind Type { get; private set; }

    /// <summary>The members by name.</summary>
    internal IReadOnlyDictionary<string, FieldPath> Members => _members;

    /// <summary>The view of a whole record.</summary>
    internal static FieldPath Of(EventRules rules)
    {
        var root = new FieldPath("");
        for (int slot = 0; slot < rules.Used.Length; slot++)
        {
            FieldDefinition field = rules.Definition.Fields[slot];
            if (rules.Used[slot] && !field.Source.IsHeader)
            {
                root.Add(field.Source, slot, field.Type);
            }
        }

        return root;
    }

    /// <summary>Finds a member by name.</summary>
    internal bool TryGet(string name, [NotNullWhen(true)] out FieldPath? member) =>
        _members.TryGetValue(name, out member);

    /// <summary>All fields at or below this place.</summary>
    internal IEnumerable<int> Slots() =>
        (Slot < 0 ? [] : new[] { Slot }).Concat(_members.Values.SelectMany(m => m.Slots()));

    private void Add(FieldSource source, int slot, ValueKind type)
    {
        FieldPath at = this;
        foreach (string part in source.Path)
        {
            if (!at._members.TryGetValue(part, out FieldPath? next))
            {
                next = new FieldPath(at.Name.Length == 0 ? part : $"{at.Name}.{part}");
                at._members[part] = next;
            }

            at = next;
        }

        (at.Slot, at.Type) = (slot, type);
    }
}
