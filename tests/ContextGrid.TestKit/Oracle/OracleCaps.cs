using System.Globalization;
using System.Numerics;

namespace ContextGrid.TestKit.Oracle;

/// <summary>The documented caps, beyond which an answer is an estimate and must say so.</summary>
internal static class OracleCaps
{
    /// <summary>The most categories that are all answered exactly.</summary>
    internal const int CategoriesMax = 1_024;

    private const int QuantileRowsMax = 128;
    private const int TextBytesMax = 4_096;

    // A sketch spans 2,048 buckets of 35 an octave; a whole octave less is safe from rounding.
    private static readonly double QuantileSpanMax = Math.ScaleB(1, (2_048 / 35) - 1);

    /// <summary>Up to how many different values an aggregate counts exactly.</summary>
    internal static int DifferentMax(string aggregate) => aggregate switch
    {
        "distinct" => 128,
        "distinct_exact" => 65_536,
        "most_frequent" => 512,
        _ => int.MaxValue,
    };

    /// <summary>The rank of a quantile, from 1: the written number times n, rounded up.</summary>
    internal static int Rank(double q, int rows)
    {
        string[] parts = q.ToString("F17", CultureInfo.InvariantCulture).Split('.');
        string written = q.ToString("R", CultureInfo.InvariantCulture);
        string digits = written.Contains('E', StringComparison.Ordinal) ? parts[1] : written.PadRight(2, '.')[2..];
        BigInteger unit = BigInteger.Pow(10, digits.Length);
        BigInteger share = q >= 1 ? unit
            : digits.Length == 0 ? 0
            : BigInteger.Parse(digits, CultureInfo.InvariantCulture);
        return Math.Max(1, (int)(((share * rows) + unit - 1) / unit));
    }

    /// <summary>Whether the value at a quantile of so many rows is an estimate.</summary>
    internal static bool IsEstimatedQuantile(double q, int rows) =>
        rows > QuantileRowsMax && Rank(q, rows) > 1 && Rank(q, rows) < rows;

    /// <summary>Whether an answer over events must say that it is approximate.</summary>
    internal static bool AreExceeded(OracleFeature feature, IReadOnlyList<OracleEvent> events)
    {
        if (feature.By is { } by)
        {
            var groups = events.Select(e => (Event: e, Key: Value(by, e))).Where(pair => pair.Key is not null)
                .GroupBy(pair => pair.Key!, pair => pair.Event, OracleOrder.Instance).ToArray(); // The nulls are gone.
            return groups.Length > CategoriesMax || Array.Exists(groups, g => IsLong(g.Key))
                || Array.Exists(groups, g => AreExceeded(feature with { By = null }, [.. g]));
        }

        return feature.Aggregate switch
        {
            "distinct" or "distinct_exact" or "most_frequent" =>
                Different(feature.Arguments[0], events) > DifferentMax(feature.Aggregate),
            "quantile" => IsEstimatedQuantile(feature.Number(1), Values(feature.Arguments[0], events).Count()),
            _ => false,
        };
    }

    /// <summary>
    /// Whether numbers of one sign are of more different sizes than a sketch holds, so that a quantile's bound is only
    /// the range of what was seen.
    /// </summary>
    internal static bool IsSpanExceeded(OracleFeature feature, IReadOnlyList<OracleEvent> events) =>
        Span(feature, events, 1) > QuantileSpanMax || Span(feature, events, -1) > QuantileSpanMax;

    /// <summary>The non-null values of an expression.</summary>
    internal static IEnumerable<object> Values(OracleExpression expression, IReadOnlyList<OracleEvent> events) =>
        events.Select(e => Value(expression, e)).OfType<object>();

    private static bool IsLong(object value) =>
        value is string text && System.Text.Encoding.UTF8.GetByteCount(text) > TextBytesMax;

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

    private static object? Value(OracleExpression expression, OracleEvent e) =>
        OracleEvaluator.Evaluate(expression, name => e.Fields.GetValueOrDefault(name));
}
