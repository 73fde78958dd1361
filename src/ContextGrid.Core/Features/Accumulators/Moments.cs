using ContextGrid.Core.Model;

namespace ContextGrid.Core.Features.Accumulators;

/// <summary>
/// Mean and central moments from power sums. With S_k = Σx^k and n rows, n²·m₂ = n·S₂ − S₁²,
/// n³·m₃ = n²·S₃ − 3n·S₁·S₂ + 2·S₁³ and n⁴·m₄ = n³·S₄ − 4n²·S₁·S₃ + 6n·S₁²·S₂ − 3·S₁⁴ are computed exactly and rounded
/// once, so nothing cancels but what the sums themselves have lost: 2^−128 of the largest power. So mean and variance
/// are good to the last bits, skew while |mean| is within 10^10 deviations, kurtosis while it is within 10^7.
/// </summary>
internal static class Moments
{
    /// <summary>Σx / n, rounded once; null without rows.</summary>
    public static Value Mean(long count, ISum first) =>
        count == 0 ? Value.Null : Value.Of(first.Over((ulong)count, 1));

    /// <summary>The population variance; null without rows.</summary>
    public static Value Variance(long count, ISum first, ISum second) =>
        count == 0 ? Value.Null : Value.Of(VarianceScaled(count, first, second).ToDouble());

    /// <summary>The population standard deviation; null without rows.</summary>
    public static Value Deviation(long count, ISum first, ISum second) =>
        count == 0 ? Value.Null : Value.Of(VarianceScaled(count, first, second).ToRoot());

    /// <summary>m₃ / m₂^1.5; null when all values are equal.</summary>
    public static Value Skew(long count, ISum first, ISum second, ISum third)
    {
        ExactNumber s1 = default, s2 = default, s3 = default, product = default, square = default;
        first.CopyTo(ref s1);
        second.CopyTo(ref s2);
        third.CopyTo(ref s3);
        ScaledDouble m2 = SecondMoment(count, s1, s2);
        if (m2.Fraction <= 0)
        {
            return Value.Null;
        }

        s3.Multiply(count);
        s3.Multiply(count);
        product.SetProduct(s1, s2);
        product.Multiply(count);
        product.Multiply(-3);
        s3.Add(product);
        square.SetProduct(s1, s1);
        product.SetProduct(square, s1);
        product.Multiply(2);
        s3.Add(product);
        return Value.Of(s3.ToScaled().Over(m2.ToThreeHalves()).ToDouble());
    }

    /// <summary>m₄ / m₂² − 3; null when all values are equal.</summary>
    public static Value Kurtosis(long count, ISum first, ISum second, ISum third, ISum fourth)
    {
        ExactNumber s1 = default, s2 = default, sum = default, other = default, square = default, product = default;
        first.CopyTo(ref s1);
        second.CopyTo(ref s2);
        ScaledDouble m2 = SecondMoment(count, s1, s2);
        if (m2.Fraction <= 0)
        {
            return Value.Null;
        }

        fourth.CopyTo(ref sum);
        sum.Multiply(count);
        third.CopyTo(ref other);
        product.SetProduct(s1, other);
        product.Multiply(-4);
        sum.Add(product);
        sum.Multiply(count);
        square.SetProduct(s1, s1);
        product.SetProduct(square, s2);
        product.Multiply(6);
        sum.Add(product);
        sum.Multiply(count);
        product.SetProduct(square, square);
        product.Multiply(-3);
        sum.Add(product);
        var squared = new ScaledDouble(m2.Fraction * m2.Fraction, 2 * m2.Exponent);
        return Value.Of(sum.ToScaled().Over(squared).ToDouble() - 3);
    }

    private static ScaledDouble VarianceScaled(long count, ISum first, ISum second)
    {
        ExactNumber s1 = default, s2 = default;
        first.CopyTo(ref s1);
        second.CopyTo(ref s2);
        ScaledDouble moment = SecondMoment(count, s1, s2);
        return moment.Fraction <= 0 ? default : moment.Over(count).Over(count);
    }

    private static ScaledDouble SecondMoment(long count, in ExactNumber s1, in ExactNumber s2)
    {
        ExactNumber moment = s2, square = default;
        moment.Multiply(count);
        square.SetProduct(s1, s1);
        square.Negate();
        moment.Add(square);
        return moment.ToScaled();
    }
}
