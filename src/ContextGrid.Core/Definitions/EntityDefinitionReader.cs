using System.Collections.Immutable;
using ContextGrid.Core.Expressions;
using ContextGrid.Core.Model;

namespace ContextGrid.Core.Definitions;

/// <summary>Reads one entry of <c>entities</c>.</summary>
internal sealed class EntityDefinitionReader(NodeReader reader, ImmutableArray<EventDefinition> events)
{
    private const long LatenessMsDefault = 3_600_000;
    private const long FreshnessMsDefault = 2_000;
    private const long DayMs = 86_400_000;
    private const int MemoryItemsMax = 1_000_000;

    private static readonly string[] Keys =
        ["from", "ttl", "allowed_lateness", "freshness", "head", "features", "memory", "outputs"];

    // In the order of HeadRule.
    private static readonly string[] Heads = ["newest", "clock"];

    private static readonly string[] MemoryKeys = ["turns", "facts", "items"];

    private readonly OutputsReader _outputs = new(reader, events);

    /// <summary>Reads an entity; null when it is not even a mapping.</summary>
    internal EntityDefinition? Read(DefinitionScalar name, DefinitionNode node)
    {
        reader.CheckName(name, "an entity");
        string what = $"entity '{name.Text}'";
        if (reader.Mapping(node, what) is not { } mapping)
        {
            return null;
        }

        reader.RefuseUnknownKeys(mapping, what, Keys);
        CheckMemory(mapping);
        ImmutableArray<EntitySource> sources = Sources(mapping, name, what);
        long ttl = reader.Duration(mapping, "ttl", 0, 1_000, 3_650 * DayMs);
        long lateness = reader.Duration(mapping, "allowed_lateness", LatenessMsDefault, 0, 400 * DayMs);
        long freshness = reader.Duration(mapping, "freshness", FreshnessMsDefault, 1, DayMs);
        var scope = new FeatureScope(name.Text, events, sources.Select(s => s.EventIndex));
        ImmutableArray<FeatureDefinition> features = new FeaturesReader(reader, name.Text, scope)
            .Read(NodeReader.Find(mapping, "features"), name);
        return new EntityDefinition(name.Text, sources, ttl, lateness, freshness, features)
        {
            Head = (HeadRule)reader.Choice(mapping, "head", Heads),
            Outputs = _outputs.Read(NodeReader.Find(mapping, "outputs"), name.Text, features),
        };
    }

    /// <summary>The consumed events; none when one of them is unknown.</summary>
    private ImmutableArray<EntitySource> Sources(DefinitionMapping mapping, DefinitionScalar name, string what)
    {
        if (NodeReader.Find(mapping, "from") is not { } node)
        {
            reader.Errors.Add(name.Place, $"{what} needs 'from'; add 'from: {{EVENT: KEY_FIELD}}'");
            return [];
        }

        if (reader.Mapping(node, "'from'") is not { } from)
        {
            return [];
        }

        if (from.Entries.Length == 0)
        {
            reader.Errors.Add(from.Place, $"{what} consumes no event; add 'EVENT: KEY_FIELD' to its from");
        }

        EntitySource?[] sources = [.. from.Entries.Select(Source)];
        return sources.Contains(null) ? [] : [.. sources.OfType<EntitySource>().OrderBy(s => s.EventIndex)];
    }

    private EntitySource? Source(DefinitionEntry entry)
    {
        DefinitionScalar? field = reader.Scalar(entry.Value, $"the key field of event '{entry.Key.Text}'");
        EventDefinition? consumed = events.FirstOrDefault(e => e.Name == entry.Key.Text);
        if (consumed is null)
        {
            reader.Errors.Add(entry.Key.Place, $"unknown event: '{entry.Key.Text}'"
                + NearestName.Suggest(entry.Key.Text, events.Select(e => e.Name)));
            return null;
        }

        FieldDefinition? key = field is null ? null : consumed.Fields.FirstOrDefault(f => f.Name == field.Text);
        if (field is not null && key is null)
        {
            reader.Errors.Add(field.Place, $"unknown field of event '{consumed.Name}': '{field.Text}'"
                + FieldDefinition.Suggest(field.Text, consumed.Fields));
        }
        else if (field is not null && key?.Type is not (ValueKind.String or ValueKind.Int64 or ValueKind.Null))
        {
            reader.Errors.Add(field.Place, "a key field must be string or int64; "
                + $"'{field.Text}' is {TypeNames.Of(key?.Type ?? ValueKind.Null)}");
        }

        // An event with a wrong key is still consumed, so that its features are checked.
        return new EntitySource(events.IndexOf(consumed), key is null ? 0 : consumed.Fields.IndexOf(key));
    }

    private void CheckMemory(DefinitionMapping mapping)
    {
        if (NodeReader.Find(mapping, "memory") is not { } node || reader.Mapping(node, "'memory'") is not { } memory)
        {
            return;
        }

        reader.RefuseUnknownKeys(memory, "memory", MemoryKeys);
        foreach (DefinitionEntry entry in memory.Entries)
        {
            reader.Integer(memory, entry.Key.Text, 0, 0, MemoryItemsMax);
        }
    }
}
