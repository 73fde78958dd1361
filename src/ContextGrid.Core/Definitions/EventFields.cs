using System.Collections.Immutable;
using ContextGrid.Core.Expressions;

namespace ContextGrid.Core.Definitions;

/// <summary>What the definitions want from the payloads of one event.</summary>
public static class EventFields
{
    /// <summary>Which declared fields must be decoded, by field index: the event time, the producer's id, keys, and
    /// what features aggregate, group or filter by. What no definition uses is not looked at, so it can't be
    /// wrong.</summary>
    public static bool[] Used(DefinitionSet definitions, int eventIndex)
    {
        EventDefinition definition = definitions.Events[eventIndex];
        bool[] used = new bool[definition.Fields.Length];
        int[] special = [definition.TimestampField, definition.IdField, definition.KeyField];
        foreach (int field in special.Where(field => field >= 0).Concat(Keys(definitions, eventIndex)))
        {
            used[field] = true;
        }

        IEnumerable<AggregateFeature> features = definitions.Entities
            .SelectMany(entity => entity.Features)
            .OfType<AggregateFeature>()
            .Where(feature => feature.EventIndex == eventIndex);
        foreach (Expression expression in features.SelectMany(Expressions))
        {
            foreach (int field in SlotExpression.SlotsOf(expression))
            {
                used[field] = true;
            }
        }

        foreach (int field in Enumerable.Range(0, used.Length).Where(field => used[field]).ToArray())
        {
            foreach (int other in Alternatives(definition, field))
            {
                used[other] = true;
            }
        }

        return used;
    }

    /// <summary>The fields of which the first that is not null counts where a field is null, by index.</summary>
    public static IEnumerable<int> Alternatives(EventDefinition definition, int field) =>
        definition.Fields[field].Alternatives.Select(name => IndexOf(definition.Fields, name));

    /// <summary>The fields that hold a key of some entity that consumes the event, ascending, each once.</summary>
    public static int[] Keys(DefinitionSet definitions, int eventIndex) =>
    [
        .. definitions.Entities
            .SelectMany(entity => entity.Sources)
            .Where(source => source.EventIndex == eventIndex)
            .Select(source => source.KeyField)
            .Distinct()
            .Order(),
    ];

    private static int IndexOf(ImmutableArray<FieldDefinition> fields, string name)
    {
        int at = 0;
        while (fields[at].Name != name)
        {
            at++;
        }

        return at;
    }

    private static IEnumerable<Expression> Expressions(AggregateFeature feature)
    {
        Expression?[] all = [feature.Aggregate.Input, feature.Aggregate.OrderBy, feature.By, feature.Where];
        return all.OfType<Expression>();
    }
}
