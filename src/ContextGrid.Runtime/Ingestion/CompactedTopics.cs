using ContextGrid.Core.Definitions;

namespace ContextGrid.Runtime.Ingestion;

/// <summary>What features can't hold on a topic that keeps only the newest record of each key.</summary>
internal static class CompactedTopics
{
    private const int NamesMax = 10;

    /// <summary>A sentence for each compacted topic.</summary>
    /// <param name="definitions">The definitions.</param>
    /// <param name="compacted">The topics.</param>
    internal static IEnumerable<string> Describe(DefinitionSet definitions, IReadOnlyCollection<string> compacted)
    {
        foreach (string topic in definitions.Topics.Where(compacted.Contains))
        {
            string[] names = [.. NeedingAll(definitions, definitions.EventOf(topic))];
            string which = names.Length == 0 ? "No feature needs every event of it."
                : $"These features need every event of it: {string.Join(", ", names.Take(NamesMax))}"
                    + (names.Length > NamesMax ? $" and {names.Length - NamesMax} more." : ".");
            yield return $"{topic} is compacted: what compaction has removed is missing in state that is built from it "
                + $"now or again, by --rebuild or a replay. {which}";
        }
    }

    /// <summary>What a rebuild does on them; null: there are none.</summary>
    internal static string? OfRebuild(DefinitionSet definitions, IReadOnlyCollection<string> compacted)
    {
        string[] topics = [.. definitions.Topics.Where(compacted.Contains)];
        return topics.Length == 0 ? null
            : $"state is built again from {string.Join(", ", topics)}, which is compacted: it may have less than "
                + "before";
    }

    // The newest event of the record's key stays: last(x) without a condition holds where that is the entity's key.
    private static IEnumerable<string> NeedingAll(DefinitionSet definitions, int eventIndex) =>
        definitions.Entities.SelectMany(e => e.Features.OfType<AggregateFeature>()
            .Where(f => f.EventIndex == eventIndex && (f.Aggregate.Kind != AggregateKind.Last || f.By is not null
                || f.Where is not null))
            .Select(f => $"{e.Name}.{f.Name}"));
}
