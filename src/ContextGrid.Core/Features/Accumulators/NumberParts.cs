using ContextGrid.Core.Model;

namespace ContextGrid.Core.Features.Accumulators;

/// <summary>A number as ±mantissa · 2^exponent.</summary>
/// <param name="Mantissa">The mantissa; 0 for zero.</param>
/// <param name="Exponent">The exponent, −1074 to 971.</param>
/// <param name="Negative">Whether the number is below zero.</param>
internal readonly record struct NumberParts(ulong Mantissa, int Exponent, bool Negative)
{
    /// <summary>Takes an Int64 or a Double apart.</summary>
    public static NumberParts Of(in Value value) => value.Kind == ValueKind.Double
        ? Of(value.Double)
        : new(value.Int64 < 0 ? (ulong)-value.Int64 : (ulong)value.Int64, 0, value.Int64 < 0);

    /// <summary>Takes a finite double apart.</summary>
    public static NumberParts Of(double value)
    {
        long bits = BitConverter.DoubleToInt64Bits(value);
        ulong mantissa = (ulong)bits & 0xF_FFFF_FFFF_FFFF;
        int exponent = (int)(bits >> 52) & 0x7FF;
        return exponent == 0
            ? new(mantissa, -1074, bits < 0)
            : new(mantissa | (1UL << 52), exponent - 1075, bits < 0);
    }
}
