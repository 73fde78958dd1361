using System.Globalization;
using System.Text;
using ContextGrid.Core.Definitions;

namespace ContextGrid.Runtime.Checkpoints;

/// <summary>
/// What a cluster's store says of its definitions: a line with the hash of each definition, by which silos know that
/// they have the same ones, and the text of what determines each type's state. Immutable.
/// </summary>
internal sealed class StoredDefinitions
{
    /// <summary>Where a cluster's store has them.</summary>
    internal const string BlobName = "definitions";

    private const string Head = "contextgrid definitions 2", Part = "part ", Entity = "entity ";
    private const int ShownMax = 200;

    private readonly string[] _lines;

    private StoredDefinitions(string[] lines) => _lines = lines;

    /// <summary>What a silo's definitions are.</summary>
    internal static StoredDefinitions Of(DefinitionSet set) => new(
    [
        Head,
        .. DefinitionHash.OfParts(set).Select(
            p => string.Create(CultureInfo.InvariantCulture, $"{Part}{p.Name} {p.Hash:x16}")),
        .. set.Entities.SelectMany(
            e => DefinitionHash.StateText(set, e).Split('\n', StringSplitOptions.RemoveEmptyEntries)),
    ]);

    /// <summary>Reads what <see cref="Encode"/> has written; null: it is something else.</summary>
    internal static StoredDefinitions? Decode(ReadOnlySpan<byte> bytes)
    {
        string[] lines = Encoding.UTF8.GetString(bytes).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return lines.Length > 0 && lines[0] == Head ? new StoredDefinitions(lines) : null;
    }

    /// <summary>The entity types that there is state of.</summary>
    internal IEnumerable<string> Types => States().Keys;

    internal byte[] Encode() => Encoding.UTF8.GetBytes(string.Join('\n', _lines) + "\n");

    /// <summary>The definitions that another set has otherwise, such as <c>event 'payment'</c>; none: both are the
    /// same.</summary>
    internal string[] PartsOtherThan(StoredDefinitions other) =>
    [
        .. Parts().Except(other.Parts()).Concat(other.Parts().Except(Parts())).Select(NameOf)
            .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal),
    ];

    /// <summary>Why state of other definitions can't be read with these; null: it can.</summary>
    /// <param name="stored">The definitions of the state.</param>
    internal string? WhyNot(StoredDefinitions stored)
    {
        Dictionary<string, string[]> before = stored.States();
        var changes = new List<string>();
        foreach ((string type, string[] now) in States())
        {
            if (!before.TryGetValue(type, out string[]? was))
            {
                changes.Add($"entity '{type}' is new");
            }
            else if (!was.SequenceEqual(now))
            {
                changes.Add($"entity '{type}': {Difference(was, now)}");
            }
        }

        return changes.Count == 0 ? null : string.Join("; ", changes);
    }

    private IEnumerable<string> Parts() => _lines.Where(l => l.StartsWith(Part, StringComparison.Ordinal));

    private static string NameOf(string part)
    {
        string[] words = part.Split(' ');
        return $"{words[1]} '{words[2]}'";
    }

    private Dictionary<string, string[]> States()
    {
        var states = new Dictionary<string, List<string>>(StringComparer.Ordinal);
        List<string>? state = null;
        foreach (string line in _lines)
        {
            if (line.StartsWith(Entity, StringComparison.Ordinal))
            {
                states[line.Split(' ')[1]] = state = [];
            }

            state?.Add(line);
        }

        return states.ToDictionary(s => s.Key, s => s.Value.ToArray(), StringComparer.Ordinal);
    }

    private static string Difference(string[] was, string[] now) =>
        (was.Except(now).FirstOrDefault(), now.Except(was).FirstOrDefault()) switch
        {
            ({ } old, { } other) => $"'{Shown(old)}' is now '{Shown(other)}'",
            ({ } old, null) => $"'{Shown(old)}' is gone",
            (null, { } other) => $"'{Shown(other)}' is new",
            _ => "its events and features come in another order",
        };

    private static string Shown(string line) => line.Length <= ShownMax ? line : line[..ShownMax] + "…";
}
