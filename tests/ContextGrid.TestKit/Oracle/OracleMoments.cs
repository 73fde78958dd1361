namespace ContextGrid.TestKit.Oracle;

/// <summary>Sums and moments without rounding; only the last step rounds.</summary>
internal static class OracleMoments
{
    // The product's reproducible sum keeps every addend to 128 bits below the largest one; so n addends may lose n
    // times that, and no more: it matters only where larger addends cancel each other.
    private static readonly double BinError = Math.ScaleB(1, -128);

    // Doubles whose sizes differ by less lie within the bins whole: 53 bits of the smallest are kept.
    private static readonly double SpanOfBins = Math.ScaleB(1, 128 - 53);

    /// <summary>Σx of doubles (rounded once) or integers (null outside 64 bits).</summary>
    internal static (object? Value, OracleTolerance Tolerance) Sum(IReadOnlyList<object> values)
    {
        ExactNumber sum = ExactNumber.Sum(values);
        if (values[0] is long)
        {
            Int128 total = 0;
            foreach (object value in values)
            {
                total += (long)value;
            }

            return (total == Int128.Clamp(total, long.MinValue, long.MaxValue) ? (long)total : null, default);
        }

        return (Finite(sum.ToDouble()), Lost(values));
    }

    /// <summary>Σx / n, rounded once.</summary>
    internal static (object? Value, OracleTolerance Tolerance) Mean(IReadOnlyList<object> values)
    {
        double quotient = (ExactNumber.Sum(values) / ExactNumber.Of((long)values.Count)).ToDouble();
        return (Finite(quotient), Lost(values));
    }

    /// <summary>
    /// How far a result that is rounded once may be from the right one: not at all, but where numbers are of so
    /// different sizes that some of the sum is lost.
    /// </summary>
    internal static OracleTolerance Lost(IReadOnlyList<object> values)
    {
        double[] sizes = [.. values.Select(v => Math.Abs(OracleOrder.Number(v))).Where(v => v > 0)];
        bool isWhole = sizes.Length == 0 || values[0] is long || sizes.Max() / sizes.Min() < SpanOfBins;
        return isWhole ? OracleTolerance.None : OracleTolerance.Of(1e-15, values.Count * BinError * sizes.Max());
    }

    /// <summary>Variance, standard deviation, skewness or excess kurtosis of the population.</summary>
    internal static (object? Value, OracleTolerance Tolerance) Shape(string aggregate, IReadOnlyList<object> values)
    {
        ExactNumber count = ExactNumber.Of((long)values.Count);
        ExactNumber mean = ExactNumber.Sum(values) / count;
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

        // How much of a power sum may be lost, as a part of the moment that the result is divided by or made of.
        double spread = second.SquareRoot();
        double lost = 16 * values.Count * BinError;
        double absolute = spread == 0 ? 0 : aggregate switch
        {
            "variance" => lost * size * size,
            "stddev" => lost * size * (size / spread),
            _ => lost * Math.Pow(size / spread, power),
        };
        return (Finite(result), OracleTolerance.Of(1e-12, absolute + double.Epsilon));
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

    /// <summary>Null when a number is beyond the range.</summary>
    internal static object? Finite(double value) => double.IsFinite(value) ? value + 0.0 : null;
}
