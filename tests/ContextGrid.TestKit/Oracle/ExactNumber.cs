using System.Numerics;

namespace ContextGrid.TestKit.Oracle;

/// <summary>A rational number without rounding, so that the oracle's sums and moments are the true ones.</summary>
public readonly struct ExactNumber
{
    private readonly BigInteger _numerator;
    private readonly BigInteger _denominator;

    private ExactNumber(BigInteger numerator, BigInteger denominator)
    {
        _numerator = denominator.Sign < 0 ? -numerator : numerator;
        _denominator = BigInteger.Abs(denominator);
    }

    /// <summary>Zero.</summary>
    public static ExactNumber Zero => new(BigInteger.Zero, BigInteger.One);

    /// <summary>−1, 0 or 1.</summary>
    public int Sign => _numerator.Sign;

    /// <summary>An integer.</summary>
    public static ExactNumber Of(long value) => new(value, BigInteger.One);

    /// <summary>A finite double, taken apart into mantissa and exponent.</summary>
    public static ExactNumber Of(double value)
    {
        (long mantissa, int power) = Parts(value);
        return power >= 0 ? new((BigInteger)mantissa << power, 1) : new(mantissa, BigInteger.One << -power);
    }

    /// <summary>A long or a double.</summary>
    public static ExactNumber Of(object value) => value is long integer ? Of(integer) : Of((double)value);

    /// <summary>
    /// The sum of longs and doubles, added up as integers for each exponent, so that half a million take no time.
    /// </summary>
    public static ExactNumber Sum(IEnumerable<object> values)
    {
        var mantissas = new SortedDictionary<int, Int128>();
        foreach (object value in values)
        {
            (long mantissa, int power) = value is long integer ? (integer, 0) : Parts((double)value);
            mantissas[power] = mantissas.GetValueOrDefault(power) + mantissa;
        }

        ExactNumber sum = Zero;
        foreach ((int power, Int128 mantissa) in mantissas)
        {
            sum += power >= 0
                ? new ExactNumber((BigInteger)mantissa << power, 1)
                : new ExactNumber(mantissa, BigInteger.One << -power);
        }

        return sum;
    }

    /// <summary>The sum; dyadic denominators are kept at the larger, so that they do not grow.</summary>
    public static ExactNumber operator +(ExactNumber a, ExactNumber b)
    {
        if (a._denominator == b._denominator)
        {
            return new(a._numerator + b._numerator, a._denominator);
        }

        BigInteger divisor = BigInteger.GreatestCommonDivisor(a._denominator, b._denominator);
        BigInteger left = b._denominator / divisor;
        BigInteger right = a._denominator / divisor;
        return new((a._numerator * left) + (b._numerator * right), a._denominator * left);
    }

    /// <summary>The difference.</summary>
    public static ExactNumber operator -(ExactNumber a, ExactNumber b) =>
        a + new ExactNumber(-b._numerator, b._denominator);

    /// <summary>The product.</summary>
    public static ExactNumber operator *(ExactNumber a, ExactNumber b) =>
        new(a._numerator * b._numerator, a._denominator * b._denominator);

    /// <summary>The quotient; the divisor is not zero.</summary>
    public static ExactNumber operator /(ExactNumber a, ExactNumber b) =>
        new(a._numerator * b._denominator, a._denominator * b._numerator);

    /// <summary>The nearest double, ties to even; infinite when it is beyond the range.</summary>
    public double ToDouble()
    {
        if (_numerator.IsZero)
        {
            return 0;
        }

        // The quotient gets at least 66 bits, and a last bit that says whether something was left over.
        BigInteger magnitude = BigInteger.Abs(_numerator);
        long shift = 66 - ((long)magnitude.GetBitLength() - (long)_denominator.GetBitLength());
        BigInteger quotient = shift >= 0
            ? BigInteger.DivRem(magnitude << (int)shift, _denominator, out BigInteger rest)
            : BigInteger.DivRem(magnitude, _denominator << (int)-shift, out rest);
        quotient = (quotient << 1) | (rest.IsZero ? BigInteger.Zero : BigInteger.One);
        double result = Round(quotient, -shift - 1);
        return _numerator.Sign < 0 ? -result : result;
    }

    /// <summary>The square root as a double, within two units in the last place; the number is not negative.</summary>
    public double SquareRoot()
    {
        // Scaling by a power of four keeps numbers whose square root is in range within range.
        long bits = (long)_numerator.GetBitLength() - (long)_denominator.GetBitLength();
        int quarter = (int)(bits / 4);
        ExactNumber scaled = quarter >= 0
            ? new(_numerator, _denominator << (4 * quarter))
            : new(_numerator << (-4 * quarter), _denominator);
        return double.ScaleB(Math.Sqrt(scaled.ToDouble()), 2 * quarter);
    }

    private static (long Mantissa, int Power) Parts(double value)
    {
        long bits = BitConverter.DoubleToInt64Bits(value);
        int exponent = (int)((bits >> 52) & 0x7FF);
        long fraction = bits & 0xFFFFFFFFFFFFF;
        long mantissa = exponent == 0 ? fraction : fraction | (1L << 52);
        return (bits < 0 ? -mantissa : mantissa, Math.Max(exponent, 1) - 1075);
    }

    private static double Round(BigInteger value, long exponent)
    {
        long bits = (long)value.GetBitLength();
        long lowest = Math.Max(bits + exponent - 53, -1074);
        long drop = lowest - exponent;
        BigInteger kept = value >> (int)drop;
        BigInteger rest = value - (kept << (int)drop);
        BigInteger half = BigInteger.One << (int)(drop - 1);
        bool up = rest > half || (rest == half && !kept.IsEven);
        kept += up ? 1 : 0;
        return lowest > 971 ? double.PositiveInfinity : double.ScaleB((double)kept, (int)lowest);
    }
}
