namespace ContextGrid.TestKit.Oracle;

/// <summary>Sums and moments without rounding; only the last step rounds.</summary>
internal static class OracleMoments
{
    // The product sums rounded powers, each within 2^-53 of the true one, and takes differences of the sums. What is left
    // of that error is relative to the powers' size, not to the difference: 64 such roundings are allowed, in addition
    // to the relative bound.
    private const double PowerError = 64.0 / (1L << 53);

    /// <summary>Σx of doubles (rounded once) or integers (null outside 64 bits).</summary>
    internal static (object? Value, OracleTolerance Tolerance) Sum(IReadOnlyList<object> values)
    {
        ExactNumber sum = Total(values, 1);
        if (values[0] is long)
        {
            Int128 total = 0;
            foreach (object value in values)
            {
                total += (long)value;
            }

            return (total == Int128.Clamp(total, long.MinValue, long.MaxValue) ? (long)total : null, default);
        }

        return (Finite(sum.ToDouble()), OneUlp(sum.ToDouble()));
    }

    /// <summary>Σx / n.</summary>
    internal static (object? Value, OracleTolerance Tolerance) Mean(IReadOnlyList<object> values)
    {
        double mean = (Total(values, 1) / ExactNumber.Of((long)values.Count)).ToDouble();
        OracleTolerance tolerance = OneUlp(mean);
        bool isBeyond = !double.IsFinite(Total(values, 1).ToDouble());
        return (Finite(mean), tolerance with { NullAllowed = isBeyond });
    }

    /// <summary>Variance, standard deviation, skewness or excess kurtosis of the population.</summary>
    internal static (object? Value, OracleTolerance Tolerance) Shape(string aggregate, IReadOnlyList<object> values)
    {
        ExactNumber count = ExactNumber.Of((long)values.Count);
        ExactNumber mean = Total(values, 1) / count;
        ExactNumber second = Central(values, mean, 2);
        int power = aggregate switch { "skew" => 3, "kurtosis" => 4, _ => 2 };
        double size = values.Max(v => Math.Abs(OracleOrder.Number(v)));
        double result = aggregate switch
        {
            "variance" => second.ToDouble(),
            "stddev" => second.SquareRoot(),
            _ when second.Sign == 0 => double.NaN,
            "skew" => Skew(Central(values, mean, 3), second),
            _ => ((Central(values, mean, 4) / (second * second)) - ExactNumber.Of(3L)).ToDouble(),
        };

        double spread = second.SquareRoot();
        double ratio = spread > 0 ? size / spread : 0;
        double absolute = aggregate switch
        {
            "variance" => PowerError * size * size,
            "stddev" => spread > 0 ? PowerError * size * ratio : Math.Sqrt(PowerError) * size,
            _ => PowerError * Math.Pow(ratio, power),
        };

        // Powers outside of what a double can hold with full precision may make the product say null.
        bool isBeyond = Math.Pow(size, power) * values.Count > 1e300 || Math.Pow(spread, power) < 1e-290 || ratio > 1e6;
        OracleTolerance tolerance = new(1e-12 + (4 * PowerError * ratio * ratio), isBeyond ? double.PositiveInfinity : absolute, isBeyond);
        return (Finite(result), tolerance);
    }

    private static ExactNumber Total(IReadOnlyList<object> values, int power)
    {
        ExactNumber sum = ExactNumber.Zero;
        foreach (object value in values)
        {
            sum += Power(ExactNumber.Of(value), power);
        }

        return sum;
    }

    private static ExactNumber Central(IReadOnlyList<object> values, ExactNumber mean, int power)
    {
        ExactNumber sum = ExactNumber.Zero;
        foreach (object value in values)
        {
            sum += Power(ExactNumber.Of(value) - mean, power);
        }

        return sum / ExactNumber.Of((long)values.Count);
    }

    private static ExactNumber Power(ExactNumber value, int power)
    {
        ExactNumber result = value;
        for (int i = 1; i < power; i++)
        {
            result *= value;
        }

        return result;
    }

    // m3 / m2^1.5 is the root of m3² / m2³, which stays in range whatever the unit of x is.
    private static double Skew(ExactNumber third, ExactNumber second) =>
        third.Sign * ((third * third) / (second * second * second)).SquareRoot();

    // The product rounds the exact sum once and divides once; the oracle rounds the exact quotient. They may differ by
    // one unit in the last place.
    private static OracleTolerance OneUlp(double value) =>
        double.IsFinite(value) ? OracleTolerance.Of(0, Math.BitIncrement(Math.Abs(value)) - Math.Abs(value)) : default;

    private static object? Finite(double value) => double.IsFinite(value) ? value + 0.0 : null;
}
