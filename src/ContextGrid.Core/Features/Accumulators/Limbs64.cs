using System.Numerics;

namespace ContextGrid.Core.Features.Accumulators;

/// <summary>Integers of several limbs of 64 bits, the lowest first.</summary>
internal static class Limbs64
{
    /// <summary>a · b; the product has as many limbs as both.</summary>
    public static void Multiply(ReadOnlySpan<ulong> a, ReadOnlySpan<ulong> b, Span<ulong> product)
    {
        product.Clear();
        for (int i = 0; i < a.Length; i++)
        {
            Span<ulong> row = product.Slice(i, b.Length + 1);
            ulong carry = 0, factor = a[i];
            for (int j = 0; j < b.Length; j++)
            {
                ulong high = Math.BigMul(factor, b[j], out ulong low);
                low += carry;
                high += low < carry ? 1UL : 0;
                ulong sum = row[j] + low;
                row[j] = sum;
                carry = high + (sum < low ? 1UL : 0);
            }

            row[b.Length] = carry;
        }
    }

    /// <summary>Makes the magnitude of a two's complement number, in place.</summary>
    /// <returns>Whether the number was negative.</returns>
    public static bool ToMagnitude(Span<ulong> limbs)
    {
        bool negative = (long)limbs[^1] < 0;
        ulong carry = 1;
        for (int i = 0; negative && i < limbs.Length; i++)
        {
            limbs[i] = ~limbs[i] + carry;
            carry = limbs[i] == 0 ? carry : 0;
        }

        return negative;
    }

    /// <summary>
    /// The nearest double, ties to even, of the two's complement number in limbs, which are overwritten, times
    /// 2^(64 · scale).
    /// </summary>
    public static ScaledDouble Round(Span<ulong> limbs, long scale)
    {
        bool negative = ToMagnitude(limbs);
        ReadOnlySpan<ulong> magnitude = limbs;
        while (magnitude.Length > 0 && magnitude[^1] == 0)
        {
            magnitude = magnitude[..^1];
        }

        while (magnitude.Length > 0 && magnitude[0] == 0)
        {
            magnitude = magnitude[1..];
            scale++;
        }

        return RoundMagnitude(magnitude, scale, negative);
    }

    /// <summary>Rounds limbs of which neither the lowest nor the highest is zero.</summary>
    public static ScaledDouble RoundMagnitude(ReadOnlySpan<ulong> limbs, long scale, bool negative)
    {
        if (limbs.IsEmpty)
        {
            return default;
        }

        ulong top = limbs[^1];
        ulong next = limbs.Length > 1 ? limbs[^2] : 0;
        int zeros = BitOperations.LeadingZeroCount(top);
        ulong leading = zeros == 0 ? top : (top << zeros) | (next >> (64 - zeros));
        bool sticky = (zeros == 0 ? next : next << zeros) != 0 || limbs.Length > 2;

        // 63 bits convert to a double with one correct rounding; the lowest stands for everything below.
        long rounded = (long)(leading >> 1) | (long)(leading & 1) | (sticky ? 1L : 0);
        double fraction = rounded * (1.0 / (1L << 62));
        long exponent = 64 * (scale + limbs.Length) - 1 - zeros;
        return new ScaledDouble(negative ? -fraction : fraction, exponent);
    }
}
