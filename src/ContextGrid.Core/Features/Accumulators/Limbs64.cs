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

    /// <summary>
    /// The nearest double, ties to even, of the two's complement number in limbs, which are overwritten, times
    /// 2^(64 · scale) · factor / divisor: rounded once, also where the result is subnormal.
    /// </summary>
    /// <param name="limbs">The number; its highest limb has room for the factor.</param>
    /// <param name="scale">The power of 2^64 of the lowest limb.</param>
    /// <param name="factor">At least 1.</param>
    /// <param name="divisor">1 to 2^63.</param>
    public static double Quotient(Span<ulong> limbs, long scale, ulong factor, ulong divisor)
    {
        bool negative = ToMagnitude(limbs);
        ulong carry = 0;
        for (int i = 0; factor != 1 && i < limbs.Length; i++)
        {
            ulong high = Math.BigMul(limbs[i], factor, out ulong low);
            limbs[i] = low + carry;
            carry = high + (limbs[i] < low ? 1UL : 0);
        }

        ReadOnlySpan<ulong> magnitude = limbs;
        while (magnitude.Length > 0 && magnitude[^1] == 0)
        {
            magnitude = magnitude[..^1];
        }

        if (magnitude.IsEmpty)
        {
            return 0;
        }

        // The highest three limbs give at least 65 bits of the quotient; of what is below, only whether it is zero
        // counts.
        Span<ulong> quotient = [0, 0, 0];
        int taken = Math.Min(magnitude.Length, quotient.Length);
        magnitude[^taken..].CopyTo(quotient[^taken..]);
        bool rest = magnitude[..^taken].ContainsAnyExcept(0UL) | Divide(quotient, divisor) != 0;
        long lowest = scale + magnitude.Length - quotient.Length;
        double result = ToDouble(quotient, lowest, rest);
        return negative ? -result : result;
    }

    /// <summary>Divides limbs in place.</summary>
    /// <returns>The remainder.</returns>
    private static ulong Divide(Span<ulong> limbs, ulong divisor)
    {
        ulong rest = 0;
        for (int i = limbs.Length - 1; i >= 0; i--)
        {
            if (divisor <= uint.MaxValue)
            {
                // Two divisions of 64 bits are quicker than one of 128.
                ulong part = (rest << 32) | (limbs[i] >> 32);
                (ulong high, rest) = Math.DivRem(part, divisor);
                part = (rest << 32) | (uint)limbs[i];
                (ulong low, rest) = Math.DivRem(part, divisor);
                limbs[i] = (high << 32) | low;
            }
            else
            {
                (UInt128 part, UInt128 left) = UInt128.DivRem(new UInt128(rest, limbs[i]), divisor);
                limbs[i] = (ulong)part;
                rest = (ulong)left;
            }
        }

        return rest;
    }

    /// <summary>
    /// Rounds a magnitude, and whether something is left below it, to the nearest double, ties to even.
    /// </summary>
    private static double ToDouble(ReadOnlySpan<ulong> limbs, long scale, bool rest)
    {
        while (limbs[^1] == 0)
        {
            limbs = limbs[..^1];
        }

        int zeros = BitOperations.LeadingZeroCount(limbs[^1]);
        ulong next = limbs.Length > 1 ? limbs[^2] : 0;
        ulong leading = zeros == 0 ? limbs[^1] : (limbs[^1] << zeros) | (next >> (64 - zeros));
        rest |= (zeros == 0 ? next : next << zeros) != 0
            || limbs[..Math.Max(0, limbs.Length - 2)].ContainsAnyExcept(0UL);
        long exponent = (64 * (scale + limbs.Length)) - 1 - zeros;
        if (exponent > 1023)
        {
            return double.PositiveInfinity;
        }

        long bits = exponent >= -1022 ? 53 : 53 + 1022 + exponent;
        if (bits < 0)
        {
            return 0;
        }

        int drop = 64 - (int)bits;
        ulong half = 1UL << (drop - 1);
        ulong kept = drop == 64 ? 0 : leading >> drop;
        ulong low = leading & (half | (half - 1));
        kept += low > half || (low == half && (rest || (kept & 1) != 0)) ? 1UL : 0;
        return Math.ScaleB(kept, (int)(exponent - bits + 1));
    }
}
