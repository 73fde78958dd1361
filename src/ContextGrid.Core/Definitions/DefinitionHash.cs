using System.Collections.Immutable;
using System.Text;
using ContextGrid.Core.Expressions;
using ContextGrid.Core.Model;

namespace ContextGrid.Core.Definitions;

/// <summary>
/// Hashes of what definitions say: 64 bits of <see cref="StableHash"/> over a canonical text, equal on every machine. A
/// stored state carries its hash, so that it is never read under definitions that it was not made by.
/// </summary>
public static class DefinitionHash
{
    /// <summary>
    /// Members of definitions that do not determine state, as <c>Type.Member</c>: they are applied on read or at
    /// publish, or only name something. Every other member is in the hash of the state. The key that partitions a topic
    /// is in it where ids are scoped by it.
    /// </summary>
    public static ImmutableArray<string> Harmless { get; } =
    [
        "AggregateFeature.Name", "AggregateFeature.Type",
        "EntityDefinition.AllowedLatenessMs", "EntityDefinition.FreshnessMs", "EntityDefinition.Outputs",
        "EntityDefinition.TtlMs",
        "EventDefinition.KeyField", "EventDefinition.Owner", "EventDefinition.Start", "EventDefinition.StartMs",
        "EventDefinition.Tombstone",
        "FieldDefinition.DataClass",
    ];

    /// <summary>The hash of <see cref="StateText"/>.</summary>
    public static ulong OfState(DefinitionSet set, EntityDefinition entity) => Of(StateText(set, entity));

    /// <summary>
    /// Everything that determines an entity's state, a line each: the events that it consumes, with times, ids, the
    /// fields that any definition uses and the keys that any entity has in them, since a record that is wrong for one
    /// entity is a dead letter for all; and the aggregate features without their names, in ordinal order of their
    /// texts. Derived features, and names and order of features and fields, are not in it, since they are applied on
    /// read. So whoever lays out state must not let it depend on the order of the file. The line of rules
    /// changes when aggregates keep something else of the same events.
    /// </summary>
    public static string StateText(DefinitionSet set, EntityDefinition entity)
    {
        var text = new StringBuilder("entity ").Append(entity.Name);
        AppendOthers(text, entity, "Name", "Sources", "Features");
        text.Append("rules of aggregates: 2\n");
        foreach (EntitySource source in entity.Sources)
        {
            EventDefinition definition = set.Events[source.EventIndex];
            AppendEvent(text, set, source.EventIndex);
            text.Append("key of ").Append(definition.Name).Append(": ").Append(definition.Fields[source.KeyField].Name);
            AppendOthers(text, source, "EventIndex", "KeyField");
        }

        IEnumerable<string> lines = entity.Features.OfType<AggregateFeature>().Select(f => LineOf(set, entity, f));
        foreach (string line in lines.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            text.Append("feature ").Append(line);
        }

        return text.ToString();
    }

    /// <summary>
    /// A hash over what an output writes and where: with another one all entities have to be written anew.
    /// </summary>
    public static ulong OfOutput(DefinitionSet set, EntityDefinition entity, OutputDefinition output)
    {
        var text = new StringBuilder("output 1\n").Append(OfState(set, entity)).Append('\n');
        RecordText.AppendMembers(text, output, "Features", "Partitions", "IntervalMs");
        foreach (int feature in output.Features)
        {
            FeatureDefinition written = entity.Features[feature];
            text.Append('\n').Append(written.Name).Append(": ").Append(FeatureText.Print(set, entity, written));
        }

        return Of(text.ToString());
    }

    /// <summary>
    /// A hash over everything that the definitions say, in the order of the files, but for the places in files and
    /// their comments. Whoever names fields, features or topics to somebody else by their indexes needs an equal one.
    /// </summary>
    public static ulong OfSet(DefinitionSet set) =>
        Of(string.Concat(OfParts(set).Select(p => $"{p.Name} {p.Hash:x16}\n")));

    /// <summary>The hash of each definition, named as <c>event payment</c>, in the order of the definitions; what
    /// <see cref="OfSet"/> is made of.</summary>
    public static IEnumerable<(string Name, ulong Hash)> OfParts(DefinitionSet set)
    {
        foreach (EventDefinition definition in set.Events)
        {
            yield return ("event " + definition.Name, OfMembers(definition));
        }

        foreach (EntityDefinition definition in set.Entities)
        {
            yield return ("entity " + definition.Name, OfMembers(definition));
        }
    }

    private static ulong OfMembers(object definition)
    {
        var text = new StringBuilder();
        RecordText.AppendMembers(text, definition);
        return Of(text.ToString());
    }

    private static void AppendEvent(StringBuilder text, DefinitionSet set, int eventIndex)
    {
        EventDefinition definition = set.Events[eventIndex];
        text.Append("event ").Append(definition.Name);
        AppendOthers(text, definition, "Name", "TimestampField", "IdField", "Fields");
        bool[] used = EventFields.Used(set, eventIndex);
        int[] keys = EventFields.Keys(set, eventIndex);
        foreach (int slot in Enumerable.Range(0, used.Length).Where(s => used[s])
            .OrderBy(s => definition.Fields[s].Name, StringComparer.Ordinal))
        {
            FieldDefinition field = definition.Fields[slot];
            text.Append("field ").Append(definition.Name).Append('.').Append(field.Name)
                .Append(' ').Append(TypeNames.Of(field.Type))
                .Append(slot == definition.TimestampField ? ", the timestamp" : "")
                .Append(slot == definition.IdField ? ", the id" : "")
                .Append(slot == definition.KeyField && definition.IdScope == IdScope.Key ? ", the scope of ids" : "")
                .Append(keys.Contains(slot) ? ", a key" : "");
            AppendOthers(text, field, "Name", "Type");
        }
    }

    private static string LineOf(DefinitionSet set, EntityDefinition entity, AggregateFeature feature)
    {
        var text = new StringBuilder(FeatureText.Print(set, entity, feature));
        AppendOthers(text, feature, "EventIndex", "Aggregate", "By", "Top", "Window", "Where");
        return text.ToString();
    }

    /// <summary>Ends a line with the members that it does not have yet and that are not harmless.</summary>
    private static void AppendOthers(StringBuilder text, object record, params ReadOnlySpan<string> written)
    {
        string type = record.GetType().Name + ".";
        IEnumerable<string> harmless = Harmless
            .Where(h => h.StartsWith(type, StringComparison.Ordinal)).Select(h => h[type.Length..]);
        RecordText.AppendMembers(text, record, [.. written, .. harmless]);
        text.Append('\n');
    }

    private static ulong Of(string text) => StableHash.Of(Encoding.UTF8.GetBytes(text));
}
