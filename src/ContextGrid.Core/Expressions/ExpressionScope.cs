using System.Collections.Immutable;
using ContextGrid.Core.Model;

namespace ContextGrid.Core.Expressions;

/// <summary>
/// The names that an expression can use: the fields of an event, or the features of an entity. Immutable.
/// </summary>
public sealed class ExpressionScope
{
    private readonly Dictionary<string, int> _slots = new(StringComparer.Ordinal);
    private readonly ImmutableArray<ExpressionSlot> _all;

    /// <summary>Creates a scope.</summary>
    /// <param name="what">What a name stands for, such as <c>field of event 'payment'</c>; for messages.</param>
    /// <param name="slots">Names and types by slot. Of equal names the first counts.</param>
    public ExpressionScope(string what, ImmutableArray<ExpressionSlot> slots)
    {
        What = what;
        _all = slots;
        Suggest = name => NearestName.Suggest(name, _all.Select(s => s.Name));
        for (int i = 0; i < slots.Length; i++)
        {
            _slots.TryAdd(slots[i].Name, i);
        }
    }

    /// <summary>What a name stands for; for messages.</summary>
    public string What { get; }

    /// <summary>What a name that is not known probably meant, as the end of a message; default:
    /// <see cref="NearestName.Suggest"/>.</summary>
    internal Func<string, string> Suggest { get; init; }

    /// <summary>The expression that reads a name's slot; null when the name is unknown.</summary>
    public Expression? Find(string name) =>
        _slots.TryGetValue(name, out int slot) ? new SlotExpression(slot, name, _all[slot].Type) : null;
}

/// <summary>A name with its type.</summary>
/// <param name="Name">The field's or feature's name.</param>
/// <param name="Type">Its type; Null where it is wrong itself, and then every use of it is accepted.</param>
public readonly record struct ExpressionSlot(string Name, ValueKind Type);
