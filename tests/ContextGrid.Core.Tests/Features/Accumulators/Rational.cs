using System.Numerics;

namespace ContextGrid.Core.Tests.Features.Accumulators;

/// <summary>An exact rational number: the arithmetic that sums and moments are checked against.</summary>
internal readonly record struct Rational(BigInteger Numerator, BigInteger Denominator)
{
    public static Rational Of(long value) => new(value, 1);

    public static Rational Of(double value)
    {
        long bits = BitConverter.DoubleToInt64Bits(value);
        int exponent = (int)(bits >> 52) & 0x7FF;
        BigInteger mantissa = bits & 0xF_FFFF_FFFF_FFFF;
        mantissa += exponent == 0 ? BigInteger.Zero : BigInteger.One << 52;
        mantissa = bits < 0 ? -mantissa : mantissa;
        exponent = exponent == 0 ? -1074 : exponent - 1075;
        return exponent >= 0 ? new(mantissa << exponent, 1) : new(mantissa, BigInteger.One << -exponent);
    }

    public static Rational operator +(Rational a, Rational b) =>
        new Rational(a.Numerator * b.Denominator + b.Numerator * a.Denominator, a.Denominator * b.Denominator).Reduce();

    public static Rational operator -(Rational a, Rational b) => a + new Rational(-b.Numerator, b.Denominator);

    public static Rational operator *(Rational a, Rational b) =>
        new Rational(a.Numerator * b.Numerator, a.Denominator * b.Denominator).Reduce();

    public static Rational operator /(Rational a, Rational b) => new Rational(
        a.Numerator * b.Denominator * b.Numerator.Sign, a.Denominator * BigInteger.Abs(b.Numerator)).Reduce();

    /// <summary>The nearest double, ties to even; infinite beyond the range.</summary>
    public double ToDouble()
    {
        if (Numerator.IsZero)
        {
            return 0;
        }

        BigInteger magnitude = BigInteger.Abs(Numerator);
        long exponent = (long)magnitude.GetBitLength() - (long)Denominator.GetBitLength() - 54;
        exponent = Math.Max(exponent, -1074);
        BigInteger scaled = exponent >= 0 ? magnitude : magnitude << (int)-exponent;
        BigInteger divisor = exponent >= 0 ? Denominator << (int)exponent : Denominator;
        BigInteger quotient = BigInteger.DivRem(scaled, divisor, out BigInteger rest);
        // The bits shifted out join the rest, scaled like the divisor.
        while (quotient.GetBitLength() > 53)
        {
            rest += (quotient & 1) * divisor;
            quotient >>= 1;
            divisor <<= 1;
            exponent++;
        }

        int half = (rest * 2).CompareTo(divisor);
        quotient += half > 0 || (half == 0 && !quotient.IsEven) ? 1 : 0;
        double result = exponent > 1100 ? double.PositiveInfinity : Math.ScaleB((double)quotient, (int)exponent);
        return Numerator.Sign < 0 ? -result : result;
    }

    private Rational Reduce()
    {
        BigInteger divisor = BigInteger.GreatestCommonDivisor(Numerator, Denominator);
        return new(Numerator / divisor, Denominator / divisor);
    }
}
