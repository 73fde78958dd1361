using ContextGrid.Core.Definitions;
using ContextGrid.Core.Model;

namespace ContextGrid.Core.Features;

/// <summary>What an approximate answer of a feature may be off by; docs/FEATURES.md says it at length.</summary>
public static class ApproximationText
{
    /// <summary>A sentence for each cap that the feature has.</summary>
    public static IEnumerable<string> Of(AggregateFeature feature)
    {
        ArgumentNullException.ThrowIfNull(feature);
        if (feature.By is not null)
        {
            yield return OfCategories(feature.Aggregate.Kind);
        }

        string? bound = feature.Aggregate.Kind switch
        {
            AggregateKind.Distinct =>
                "beyond 128 different values distinct is an estimate with a standard error of 1.6 %",
            AggregateKind.DistinctExact =>
                "beyond 65,536 different values distinct_exact is an estimate with a standard error of 0.4 %",
            AggregateKind.Quantile =>
                "beyond 128 values a quantile is within 1 % of the value at its rank, and within what was seen",
            AggregateKind.MostFrequent =>
                "beyond 512 different values counts are too high by at most 1/256 of the events, but for one value in "
                + "256; a value that is a part f of them is missing with a probability of at most (1 - f)^512",
            _ => null,
        };
        if (bound is not null)
        {
            yield return bound;
        }

        if (feature.Window.Exact)
        {
            yield return "beyond 65,536 events in exact windows the tail is a whole tile";
        }

        AggregateCall call = feature.Aggregate;
        if (IsText(call.Input?.Type) || IsText(call.OrderBy?.Type) || IsText(feature.By?.Type))
        {
            yield return "a text of more than 4,096 bytes is its beginning, an ellipsis and the hash of the whole";
        }
    }

    private static string OfCategories(AggregateKind kind)
    {
        const string Sample = "beyond 1,024 categories those with the lowest hashes are answered, with exact values";
        return kind is AggregateKind.Count or AggregateKind.Sum or AggregateKind.Rate
            ? Sample + ", and of the others those whose estimate is above 1/128 of all others together: it is too high "
                + "by at most that, but for one category in 256"
            : Sample + ": a sample of all categories";
    }

    private static bool IsText(ValueKind? type) => type == ValueKind.String;
}
