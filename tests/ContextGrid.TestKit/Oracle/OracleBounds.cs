using System.Collections;

namespace ContextGrid.TestKit.Oracle;

/// <summary>The documented bounds of answers beyond a cap.</summary>
internal static class OracleBounds
{
    // The documented errors are exceeded once in 256 times; four times as much is not met.
    private const double CountError = 4.0 / 256;
    private const double SumError = 4.0 / 128;

    /// <summary>Null when an approximate answer keeps its bound, else what is wrong with it.</summary>
    /// <param name="feature">The feature.</param>
    /// <param name="events">The events in its window.</param>
    /// <param name="headMs">The head.</param>
    /// <param name="right">The right answer.</param>
    /// <param name="actual">The product's value.</param>
    internal static string? Violation(
        OracleFeature feature, IReadOnlyList<OracleEvent> events, long headMs, OracleAnswer right, object? actual)
    {
        switch (feature.Aggregate)
        {
            case var _ when feature.By is { } by
                && OracleCaps.Values(by, events).Distinct(OracleOrder.Instance).Count() > OracleCaps.CategoriesMax:
                return Categories(feature, events, headMs, actual);
            case "most_frequent":
                return MostFrequent(feature, events, actual);
            case "quantile" when OracleCaps.IsSpanExceeded(feature, events):
                double[] seen = [.. OracleCaps.Values(feature.Arguments[0], events).Select(v => OracleOrder.Number(v))];
                return actual is double number && number >= seen.Min() && number <= seen.Max()
                    ? null
                    : $"{OracleText.Of(actual)} is outside of what was seen";
            default:
                return OracleComparison.IsRight(right.Value, actual, right.Tolerance)
                    ? null
                    : $"the approximate value is {OracleText.Of(actual)}; right is {right}";
        }
    }

    private static string? MostFrequent(OracleFeature feature, IReadOnlyList<OracleEvent> events, object? actual)
    {
        object[] values = [.. OracleCaps.Values(feature.Arguments[0], events)];
        Dictionary<object, int> counts = values.CountBy(v => v, OracleOrder.Instance)
            .ToDictionary(OracleOrder.Instance);
        int[] ranked = [.. counts.Values.OrderDescending().Take((int)feature.Number(1))];
        if (actual is not IList list || list.Count != ranked.Length)
        {
            return $"{OracleText.Of(actual)} has not {ranked.Length} items";
        }

        for (int i = 0; i < ranked.Length; i++)
        {
            if (counts.GetValueOrDefault(list[i]!) < ranked[i] - (CountError * values.Length)) // A list has no nulls.
            {
                return $"{OracleText.Of(list[i])} at place {i} is not among the most frequent";
            }
        }

        return null;
    }

    private static string? Categories(
        OracleFeature feature, IReadOnlyList<OracleEvent> events, long headMs, object? actual)
    {
        // There are many, so it is not null.
        List<OracleCategory> all = OracleCategories.Compute(feature with { Top = 0 }, events, headMs)!;
        Dictionary<object, OracleCategory> right = all.ToDictionary(c => c.Key, OracleOrder.Instance);
        double total = all.Sum(c => c.Value is long or double ? Math.Abs(OracleOrder.Number(c.Value)) : 0);
        bool isAdditive = feature.Aggregate is "count" or "sum" or "rate";
        var answered = (List<OracleCategory>)actual!; // Null would have another status.
        for (int i = 0; i < answered.Count; i++)
        {
            OracleCategory? same = right.GetValueOrDefault(answered[i].Key);
            bool isNear = same is not null && (OracleComparison.IsRight(same.Value, answered[i].Value, same.Tolerance)
                || (isAdditive && answered[i].Value is long or double && Math.Abs(
                    OracleOrder.Number(answered[i].Value) - OracleOrder.Number(same.Value)) <= SumError * total));
            if (!isNear || (i > 0 && OracleCategories.Rank(answered[i - 1], answered[i]) >= 0))
            {
                return $"{OracleText.Of(answered[i])} at place {i}; right is {OracleText.Of(same)}";
            }
        }

        int least = feature.Top > 0 ? Math.Min(feature.Top, OracleCaps.CategoriesMax) : OracleCaps.CategoriesMax;
        return answered.Count < least ? $"only {answered.Count} categories are answered" : null;
    }
}
