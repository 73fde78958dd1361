namespace ContextGrid.TestKit.Oracle;

/// <summary>Every aggregate, computed from the ordered list of the events in the window.</summary>
internal static class OracleAggregates
{
    private const double HyperLogLogError = 1.04 / 64;
    private const double SmallestHashesError = 1.0 / 256;
    private const double SketchError = 0.01;

    /// <summary>The value over events that are in the window, in order; there may be none.</summary>
    internal static (object? Value, OracleTolerance Tolerance) Compute(
        OracleFeature feature,
        IReadOnlyList<OracleEvent> events,
        long headMs)
    {
        switch (feature.Aggregate)
        {
            case "count" when feature.Arguments.IsEmpty: return Exact((long)events.Count);
            case "rate" when feature.Arguments.IsEmpty:
                return Exact(PerSecond(ExactNumber.Of((long)events.Count), feature));
            case "since_last": return Exact(events.Count == 0 ? null : (headMs - events[^1].TimeMs) / 1000.0);
        }

        OracleSample[] samples = [.. events.Select(e => Sample(feature, e)).OfType<OracleSample>()];
        object[] values = [.. samples.Select(s => s.Value)];
        return feature.Aggregate switch
        {
            "count" => Exact((long)values.Length),
            "distinct" or "distinct_exact" => Distinct(feature.Aggregate, values),
            "rate" => Rate(feature, values),
            _ when values.Length == 0 => Exact(null),
            "sum" => OracleMoments.Sum(values),
            "avg" => OracleMoments.Mean(values),
            "variance" or "stddev" or "skew" or "kurtosis" => OracleMoments.Shape(feature.Aggregate, values),
            "quantile" => Quantile(values, feature.Number(1)),
            "ewma" => Decayed(samples, feature.Number(1)),
            "delta" => Delta(values[0], values[^1]),
            _ => Exact(Pick(feature, samples, values)),
        };
    }

    private static OracleSample? Sample(OracleFeature feature, OracleEvent e)
    {
        object? value = Evaluate(feature.Arguments[0], e);
        object? order = feature.Aggregate is "min_by" or "max_by" ? Evaluate(feature.Arguments[1], e) : value;
        return value is null || order is null ? null : new OracleSample(e.TimeMs, value, order);
    }

    private static object? Evaluate(OracleExpression expression, OracleEvent e) =>
        OracleEvaluator.Evaluate(expression, name => e.Fields.GetValueOrDefault(name));

    private static object? Pick(OracleFeature feature, OracleSample[] samples, object[] values)
    {
        OracleOrder order = OracleOrder.Instance;
        int n = feature.Aggregate is "first_n" or "last_n" or "top_k" or "bottom_k" or "most_frequent" or "unique_list"
            ? (int)feature.Number(1)
            : 1;
        switch (feature.Aggregate)
        {
            case "min": return values.Min(order);
            case "max": return values.Max(order);
            case "first": return values[0];
            case "last": return values[^1];
            case "first_n": return Take(values, n);
            case "last_n": return Take(values.Reverse(), n);
            case "top_k": return Take(values.OrderDescending(order), n);
            case "bottom_k": return Take(values.Order(order), n);
            case "min_by": return samples.Reverse().MinBy(s => s.Order, order)!.Value; // There is at least one.
            case "max_by": return samples.Reverse().MaxBy(s => s.Order, order)!.Value; // There is at least one.
            case "unique_list": return Take(values.Reverse().Distinct(order), n);
            case "histogram": return Histogram(feature, values);
            case "most_frequent":
                return Take(values.GroupBy(v => v, order).OrderByDescending(g => g.Count())
                    .ThenBy(g => g.Key, order).Select(g => g.Key), n);
            default: throw new InvalidOperationException($"The oracle has no aggregate {feature.Aggregate}.");
        }
    }

    private static List<object> Take(IEnumerable<object> values, int n) => [.. values.Take(n)];

    private static List<object> Histogram(OracleFeature feature, object[] values)
    {
        long[] counts = new long[feature.Arguments.Length];
        foreach (object value in values)
        {
            int bucket = 0;
            while (bucket < counts.Length - 1 && OracleOrder.Number(value) >= feature.Number(bucket + 1))
            {
                bucket++;
            }

            counts[bucket]++;
        }

        return [.. counts.Cast<object>()];
    }

    private static (object? Value, OracleTolerance Tolerance) Distinct(string aggregate, object[] values)
    {
        long count = values.Distinct(OracleOrder.Instance).Count();
        bool isEstimate = count > OracleCaps.DifferentMax(aggregate);
        double error = aggregate == "distinct" ? HyperLogLogError : SmallestHashesError;
        return (count, isEstimate ? OracleTolerance.Of(5 * error) : OracleTolerance.None);
    }

    private static (object? Value, OracleTolerance Tolerance) Rate(OracleFeature feature, object[] values) =>
        values.Length == 0
            ? Exact(0.0)
            : (PerSecond(ExactNumber.Sum(values), feature), OracleMoments.Lost(values));

    private static object? PerSecond(ExactNumber amount, OracleFeature feature) => OracleMoments.Finite(
        (amount * ExactNumber.Of(1_000L) / ExactNumber.Of(feature.Window.SizeMs)).ToDouble());

    private static (object? Value, OracleTolerance Tolerance) Quantile(object[] values, double q)
    {
        object[] sorted = [.. values.Order(OracleOrder.Instance)];
        int rank = OracleCaps.Rank(q, sorted.Length);
        bool isEstimate = OracleCaps.IsEstimatedQuantile(q, sorted.Length);
        return (
            OracleOrder.Number(sorted[rank - 1]),
            isEstimate ? OracleTolerance.Of(SketchError * (1 + 1e-9)) : OracleTolerance.None);
    }

    private static (object? Value, OracleTolerance Tolerance) Decayed(OracleSample[] samples, double halfLifeMs)
    {
        // Scaled down, the sum of the largest doubles is representable; their mean is anyway.
        const int Scale = 200;
        double total = 0, weights = 0, size = 0;
        foreach (OracleSample sample in samples)
        {
            double weight = Math.Pow(2, -(samples[^1].TimeMs - sample.TimeMs) / halfLifeMs);
            double value = Math.ScaleB(OracleOrder.Number(sample.Value), -Scale);
            total += weight * value;
            weights += weight;
            size += weight * Math.Abs(value);
        }

        double absolute = (1e-12 * Math.ScaleB(size / weights, Scale)) + Math.ScaleB(double.Epsilon, Scale);
        return (Math.ScaleB(total / weights, Scale), OracleTolerance.Of(1e-12, absolute));
    }

    private static (object? Value, OracleTolerance Tolerance) Delta(object first, object last) =>
        Exact(OracleEvaluator.Evaluate(
            OracleExpression.Call("-", OracleExpression.Literal(last), OracleExpression.Literal(first)), _ => null));

    private static (object? Value, OracleTolerance Tolerance) Exact(object? value) => (value, OracleTolerance.None);

    /// <summary>What one event contributes.</summary>
    private sealed record OracleSample(long TimeMs, object Value, object Order);
}
