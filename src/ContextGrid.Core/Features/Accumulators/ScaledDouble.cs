namespace ContextGrid.Core.Features.Accumulators;

/// <summary>A number fraction · 2^exponent whose exponent does not overflow.</summary>
/// <param name="Fraction">The fraction; 0 for zero.</param>
/// <param name="Exponent">The exponent of two.</param>
internal readonly record struct ScaledDouble(double Fraction, long Exponent)
{
    /// <summary>The double; infinite when it is too large and zero when it is too small.</summary>
    public double ToDouble() => Math.ScaleB(Fraction, (int)Math.Clamp(Exponent, -5000, 5000));

    /// <summary>This divided by another number, not zero.</summary>
    public ScaledDouble Over(ScaledDouble divisor) => new(Fraction / divisor.Fraction, Exponent - divisor.Exponent);

    /// <summary>This divided by a double, not zero.</summary>
    public ScaledDouble Over(double divisor) => new(Fraction / divisor, Exponent);

    /// <summary>The square root of this, not negative.</summary>
    public double ToRoot()
    {
        long odd = Exponent & 1;
        double root = Math.Sqrt(odd == 0 ? Fraction : Fraction * 2);
        return new ScaledDouble(root, (Exponent - odd) / 2).ToDouble();
    }

    /// <summary>This, not negative, to the power 3/2.</summary>
    public ScaledDouble ToThreeHalves()
    {
        long odd = Exponent & 1;
        double fraction = odd == 0 ? Fraction : Fraction * 2;
        long half = (Exponent - odd) / 2;
        return new ScaledDouble(fraction * Math.Sqrt(fraction), 3 * half);
    }
}
