namespace ContextGrid.TestKit.Oracle;

/// <summary>The documented caps, beyond which an answer may be approximate and must say so.</summary>
internal static class OracleCaps
{
    private const int CategoriesMax = 256;
    private const int FrequentMax = 256;
    private const int DistinctExactMax = 65_536;

    // A sketch spans 2,048 buckets of 35 an octave; a whole octave less is safe from rounding.
    private static readonly double QuantileSpanMax = Math.ScaleB(1, (2_048 / 35) - 1);

    /// <summary>Whether events in a window exceed a cap of the feature.</summary>
    internal static bool AreExceeded(OracleFeature feature, IReadOnlyList<OracleEvent> events)
    {
        if (feature.By is not null && Different(feature.By, events) > CategoriesMax)
        {
            return true;
        }

        return feature.Aggregate switch
        {
            "most_frequent" => Different(feature.Arguments[0], events) > FrequentMax,
            "distinct_exact" => Different(feature.Arguments[0], events) > DistinctExactMax,
            "quantile" => Span(feature, events, 1) > QuantileSpanMax || Span(feature, events, -1) > QuantileSpanMax,
            _ => false,
        };
    }

    /// <summary>Whether what a feature keeps of some events depends on the order in which they came.</summary>
    internal static bool ForgetInOrder(OracleFeature feature, IReadOnlyList<OracleEvent> events) =>
        (feature.By is not null && Different(feature.By, events) > CategoriesMax)
        || (feature.Aggregate == "most_frequent" && Different(feature.Arguments[0], events) > FrequentMax);

    private static int Different(OracleExpression expression, IReadOnlyList<OracleEvent> events) =>
        Values(expression, events).Distinct(OracleOrder.Instance).Count();

    // The largest magnitude by the smallest, of the numbers of one sign.
    private static double Span(OracleFeature feature, IReadOnlyList<OracleEvent> events, int sign)
    {
        double[] sizes =
        [
            .. Values(feature.Arguments[0], events).Select(v => sign * OracleOrder.Number(v)).Where(v => v > 0),
        ];
        return sizes.Length == 0 ? 0 : sizes.Max() / sizes.Min();
    }

    private static IEnumerable<object> Values(OracleExpression expression, IReadOnlyList<OracleEvent> events) =>
        events.Select(e => OracleEvaluator.Evaluate(expression, name => e.Fields.GetValueOrDefault(name)))
            .OfType<object>();
}
