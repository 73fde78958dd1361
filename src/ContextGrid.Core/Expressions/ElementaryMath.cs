namespace ContextGrid.Core.Expressions;

/// <summary>
/// Logarithm and exponential from IEEE 754 basic operations alone, so that every machine gives the same bits, which
/// the platform's C library does not promise. Argument reduction and series as in Muller, "Elementary Functions:
/// Algorithms and Implementation", chapters 3 and 11. Tests hold them within two units in the last place of the
/// platform's results.
/// </summary>
internal static class ElementaryMath
{
    // ln 2 in two parts: the first ends in 21 zero bits, so that its product with any exponent is exact.
    private const double Ln2High = 0.6931471803691238;
    private const double Ln2Low = 1.9082149292705877E-10;
    private const double InverseLn2 = 1.4426950408889634;
    private const double Sqrt2 = 1.4142135623730951;

    // Beyond these the result is infinite, or smaller than half of the smallest double.
    private const double ExpArgumentMax = 709.782712893384;
    private const double ExpArgumentMin = -745.1332191019412;
    private const double SmallestNormal = 2.2250738585072014E-308;
    private const double TwoTo54 = 18014398509481984.0;
    private const long MantissaMask = (1L << 52) - 1;

    /// <summary>Natural logarithm; NaN below zero, −∞ at zero.</summary>
    internal static double Log(double x)
    {
        if (!(x > 0) || double.IsInfinity(x))
        {
            return x == 0 ? double.NegativeInfinity : x > 0 ? x : double.NaN;
        }

        (double mantissa, int exponent) = Split(x);

        // log m = 2 atanh(s) with s = (m − 1) / (m + 1), |s| < 0.172. The remainder of the division is carried along.
        double above = mantissa - 1;
        double sum = mantissa + 1;
        double sumTail = mantissa - (sum - 1);
        double s = above / sum;
        double sTail = (Math.FusedMultiplyAdd(-s, sum, above) - s * sumTail) / sum;
        double square = s * s;
        double series = 0;
        for (int power = 23; power >= 3; power -= 2)
        {
            series = Math.FusedMultiplyAdd(series, square, 2.0 / power);
        }

        double small = Math.FusedMultiplyAdd(series * square, s, 2 * sTail) + exponent * Ln2Low;
        double high = exponent * Ln2High;
        double lead = high + 2 * s;
        double leadTail = exponent == 0 ? 0 : high - lead + 2 * s;
        return lead + (leadTail + small);
    }

    /// <summary>e to the power of x; infinite above 709.78, 0 below −745.13.</summary>
    internal static double Exp(double x)
    {
        if (!(x <= ExpArgumentMax) || x < ExpArgumentMin)
        {
            return double.IsNaN(x) ? x : x > 0 ? double.PositiveInfinity : 0;
        }

        double exponent = Math.Round(x * InverseLn2);
        double high = Math.FusedMultiplyAdd(-exponent, Ln2High, x);
        double low = exponent * Ln2Low;
        double reduced = high - low;
        double tail = high - reduced - low;

        // e^(r + tail) − 1 = r + (r²·(1/2! + r/3! + …) + tail·(1 + r)), |r| < 0.347.
        double series = 0;
        for (int n = 14; n >= 2; n--)
        {
            series = Math.FusedMultiplyAdd(series, reduced, 1) / n;
        }

        double rest = Math.FusedMultiplyAdd(series * reduced, reduced, Math.FusedMultiplyAdd(tail, reduced, tail));
        double beyondOne = reduced + rest;
        double result = 1 + beyondOne;
        result += (1 - result + beyondOne) + (reduced - beyondOne + rest);
        return Math.ScaleB(result, (int)exponent);
    }

    /// <summary>x = mantissa · 2^exponent with the mantissa between √½ and √2.</summary>
    private static (double Mantissa, int Exponent) Split(double x)
    {
        bool subnormal = x < SmallestNormal;
        long bits = BitConverter.DoubleToInt64Bits(subnormal ? x * TwoTo54 : x);
        int exponent = (int)(bits >> 52) - 1023 - (subnormal ? 54 : 0);
        double mantissa = BitConverter.Int64BitsToDouble((bits & MantissaMask) | (1023L << 52));
        return mantissa > Sqrt2 ? (mantissa / 2, exponent + 1) : (mantissa, exponent);
    }
}
