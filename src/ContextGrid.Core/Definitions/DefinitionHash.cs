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
    /// A hash over everything that determines an entity's state: of each event that it consumes the name, topic,
    /// format, key, times, ids, and the names and types of the fields that features use; and the aggregate features
    /// without their names, in ordinal order of their texts. Derived features, names and order of features, owners,
    /// classes, ttl, lateness and freshness are not in it, since they are applied on read. So whoever lays out state
    /// must not let it depend on the order of the file.
    /// </summary>
    public static ulong OfState(DefinitionSet set, EntityDefinition entity)
    {
        var text = new StringBuilder("state 1\n").Append(entity.Name).Append('\n');
        foreach (EntitySource source in entity.Sources)
        {
            EventDefinition definition = set.Events[source.EventIndex];
            AppendHead(text, definition);
            AppendField(text, "key", definition, source.KeyField);
            foreach (int slot in UsedSlots(entity, source.EventIndex))
            {
                AppendField(text, "uses", definition, slot);
            }
        }

        IEnumerable<string> lines = entity.Features.OfType<AggregateFeature>()
            .Select(f => FeatureText.Print(set, entity, f));
        foreach (string line in lines.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            text.Append(line).Append('\n');
        }

        return Of(text);
    }

    /// <summary>
    /// A hash over what an output writes and where: with another one all entities have to be written anew.
    /// </summary>
    public static ulong OfOutput(DefinitionSet set, EntityDefinition entity, OutputDefinition output)
    {
        var text = new StringBuilder("output 1\n").Append(OfState(set, entity)).Append('\n');
        AppendOutput(text, entity, output);
        foreach (int feature in output.Features)
        {
            text.Append(FeatureText.Print(set, entity, entity.Features[feature])).Append('\n');
        }

        return Of(text);
    }

    /// <summary>
    /// A hash over everything that the definitions say, but for the places in files and their comments.
    /// </summary>
    public static ulong OfSet(DefinitionSet set)
    {
        var text = new StringBuilder("set 1\n");
        foreach (EventDefinition definition in set.Events)
        {
            AppendHead(text, definition);
            AppendField(text, "partitioned by", definition, definition.KeyField);
            text.Append("owner ").Append(definition.Owner).Append('\n');
            for (int i = 0; i < definition.Fields.Length; i++)
            {
                AppendField(text, definition.Fields[i].DataClass ?? "", definition, i);
            }
        }

        foreach (EntityDefinition entity in set.Entities)
        {
            AppendEntity(text, set, entity);
        }

        return Of(text);
    }

    private static void AppendEntity(StringBuilder text, DefinitionSet set, EntityDefinition entity)
    {
        text.Append("entity ").Append(entity.Name)
            .Append(' ').Append(entity.TtlMs)
            .Append(' ').Append(entity.AllowedLatenessMs)
            .Append(' ').Append(entity.FreshnessMs).Append('\n');
        foreach (EntitySource source in entity.Sources)
        {
            text.Append("from ").Append(set.Events[source.EventIndex].Name).Append('\n');
            AppendField(text, "key", set.Events[source.EventIndex], source.KeyField);
        }

        foreach (FeatureDefinition feature in entity.Features)
        {
            text.Append(feature.Name).Append(": ").Append(FeatureText.Print(set, entity, feature)).Append('\n');
        }

        foreach (OutputDefinition output in entity.Outputs)
        {
            AppendOutput(text, entity, output);
        }
    }

    private static void AppendOutput(StringBuilder text, EntityDefinition entity, OutputDefinition output)
    {
        text.Append("output ").Append(output.Name)
            .Append(' ').Append(output.Topic)
            .Append(' ').Append((int)output.Format);
        foreach (int feature in output.Features)
        {
            text.Append(' ').Append(entity.Features[feature].Name);
        }

        text.Append('\n');
    }

    private static void AppendHead(StringBuilder text, EventDefinition definition)
    {
        text.Append("event ").Append(definition.Name)
            .Append(' ').Append(definition.Topic)
            .Append(' ').Append((int)definition.Format)
            .Append(' ').Append(definition.DedupeMs)
            .Append(' ').Append(definition.FutureMsMax).Append('\n');
        AppendField(text, "timestamp", definition, definition.TimestampField);
        AppendField(text, "id", definition, definition.IdField);
        if (definition.IdScope == IdScope.Key)
        {
            AppendField(text, "id per", definition, definition.KeyField);
        }
    }

    private static void AppendField(StringBuilder text, string role, EventDefinition definition, int index)
    {
        text.Append(role);
        if (index >= 0)
        {
            FieldDefinition field = definition.Fields[index];
            text.Append(' ').Append(TypeNames.Of(field.Type)).Append(' ').Append(field.Name);
        }

        text.Append('\n');
    }

    /// <summary>The fields of an event that the entity's features use, in ordinal order of their names.</summary>
    private static IEnumerable<int> UsedSlots(EntityDefinition entity, int eventIndex) =>
        entity.Features.OfType<AggregateFeature>()
            .Where(f => f.EventIndex == eventIndex)
            .SelectMany(f => new[] { f.By, f.Where, f.Aggregate.Input, f.Aggregate.OrderBy })
            .OfType<Expression>()
            .SelectMany(SlotNames)
            .DistinctBy(s => s.Slot)
            .OrderBy(s => s.Name, StringComparer.Ordinal)
            .Select(s => s.Slot);

    private static IEnumerable<SlotExpression> SlotNames(Expression expression) =>
        expression is SlotExpression slot ? [slot] : expression.Children.SelectMany(SlotNames);

    private static ulong Of(StringBuilder text) => StableHash.Of(Encoding.UTF8.GetBytes(text.ToString()));
}
