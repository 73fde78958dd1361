namespace ContextGrid.TestKit.Oracle;

/// <summary>An aggregate for each category, ranked.</summary>
internal static class OracleCategories
{
    /// <summary>The ranked categories, cut at the definition's <c>top</c>; null when there is none.</summary>
    internal static List<OracleCategory>? Compute(OracleFeature feature, IReadOnlyList<OracleEvent> events, long headMs)
    {
        OracleExpression by = feature.By!; // Only features with categories come here.
        var categories = new List<OracleCategory>();
        foreach (IGrouping<object, OracleEvent> group in events
            .Select(e => (Event: e, Key: OracleEvaluator.Evaluate(by, name => e.Fields.GetValueOrDefault(name))))
            .Where(pair => pair.Key is not null)
            .GroupBy(pair => pair.Key!, pair => pair.Event, OracleOrder.Instance)) // The nulls are gone.
        {
            (object? value, OracleTolerance tolerance) = OracleAggregates.Compute(feature, [.. group], headMs);
            categories.Add(new OracleCategory(group.Key, value, tolerance));
        }

        categories.Sort(Rank);
        int count = feature.Top > 0 ? Math.Min(feature.Top, categories.Count) : categories.Count;
        return count == 0 ? null : categories.GetRange(0, count);
    }

    /// <summary>Larger numbers first, then what is no number, then null; equals by category, ascending.</summary>
    internal static int Rank(OracleCategory left, OracleCategory right)
    {
        bool isNumber = left.Value is long or double && right.Value is long or double;
        int result = (left.Value is null).CompareTo(right.Value is null);
        result = result != 0 || !isNumber ? result : OracleOrder.Instance.Compare(right.Value, left.Value);
        return result != 0 ? result : OracleOrder.Instance.Compare(left.Key, right.Key);
    }
}
