using System.Runtime.CompilerServices;
using ContextGrid.Core.Snapshots;

namespace ContextGrid.Core.Features.Accumulators;

/// <summary>
/// A sum of binary floating-point numbers of any exponent that does not depend on the order of its parts, to the bit.
/// After Demmel and Nguyen, "Parallel Reproducible Summation" (IEEE Trans. Computers 64(7), 2015), with integer bins:
/// bin b holds, as a 128-bit integer, the sum of the slices of all addends between 2^(64b) and 2^(64b+64). The bins
/// stand at absolute places and nothing carries from one to the next; so forgetting all bins but the three highest that
/// were ever touched depends on the set of addends only. Every addend is kept to at least 128 bits below the largest
/// addend; sums whose addends all lie within three bins are exact. 64 bytes; at most 41 bytes in a snapshot.
/// </summary>
internal struct BinnedSum
{
    private const int BinCount = 3;
    private const int LimbCount = BinCount + 2;
    private const long TopBias = 1L << 62;
    private const long TopMax = 1L << 58;

    private Bins _bins;
    private long _biasedTop; // 0: nothing was added; so a default value is an empty sum.

    /// <summary>Whether nothing but zeros was added.</summary>
    public readonly bool IsEmpty => _biasedTop == 0;

    /// <summary>The sum of the kept bins as an exact number.</summary>
    public readonly void CopyTo(ref ExactNumber target)
    {
        target.SetZero();
        if (IsEmpty)
        {
            return;
        }

        Span<ulong> limbs = stackalloc ulong[LimbCount];
        target.SetTwosComplement(limbs, CopyTo(limbs));
    }

    /// <summary>The sum of the kept bins, rounded once to the nearest double, ties to even.</summary>
    public readonly ScaledDouble ToScaled()
    {
        if (IsEmpty)
        {
            return default;
        }

        Span<ulong> limbs = stackalloc ulong[LimbCount];
        return Limbs64.Round(limbs, CopyTo(limbs));
    }

    /// <summary>
    /// The sum of the kept bins times <paramref name="factor"/> over <paramref name="divisor"/>, rounded once to the
    /// nearest double, ties to even.
    /// </summary>
    public readonly double Over(ulong divisor, ulong factor)
    {
        if (IsEmpty)
        {
            return 0;
        }

        Span<ulong> limbs = stackalloc ulong[LimbCount];
        return Limbs64.Quotient(limbs, CopyTo(limbs), factor, divisor);
    }

    /// <summary>Adds a finite number.</summary>
    public void Add(double value)
    {
        (ulong mantissa, int exponent, bool negative) = NumberParts.Of(value);
        Add(mantissa, exponent, negative);
    }

    /// <summary>Adds ±mantissa · 2^exponent; the exponent is at most 2^62 away from zero.</summary>
    public void Add(UInt128 mantissa, long exponent, bool negative)
    {
        Add((ulong)(mantissa >> 64), exponent + 64, negative);
        Add((ulong)mantissa, exponent, negative);
    }

    /// <summary>Adds ±mantissa · 2^exponent; the exponent is at most 2^62 away from zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(ulong mantissa, long exponent, bool negative)
    {
        if (mantissa == 0)
        {
            return;
        }

        int shift = (int)exponent & 63;
        ulong low = mantissa << shift;
        ulong high = mantissa >> 1 >> (63 - shift);
        long bin = (exponent >> 6) + TopBias;
        long top = high != 0 ? bin + 1 : bin;
        if (top > _biasedTop)
        {
            Raise(top);
        }

        ulong place = (ulong)(_biasedTop - bin);
        if (place < BinCount)
        {
            _bins[(int)place].Add(low, negative);
        }

        if (high != 0 && place - 1 < BinCount)
        {
            _bins[(int)place - 1].Add(high, negative);
        }
    }

    /// <summary>Adds all that was added to the other sum.</summary>
    public void Merge(in BinnedSum other)
    {
        if (other._biasedTop > _biasedTop)
        {
            Raise(other._biasedTop);
        }

        ulong distance = (ulong)(_biasedTop - other._biasedTop);
        for (int bin = 0; distance < BinCount && bin < BinCount - (int)distance; bin++)
        {
            _bins[bin + (int)distance].Add(other._bins[bin]);
        }
    }

    /// <summary>
    /// Writes the bins: a byte that says which are not zero, the highest bin's number, and those bins.
    /// </summary>
    public readonly void Write(SnapshotWriter writer)
    {
        int flags = IsEmpty ? 0 : 1;
        for (int bin = 0; bin < BinCount; bin++)
        {
            flags |= _bins[bin].IsZero ? 0 : 2 << bin;
        }

        writer.Byte((byte)flags);
        if (IsEmpty)
        {
            return;
        }

        writer.Zigzag(_biasedTop - TopBias);
        for (int bin = 0; bin < BinCount; bin++)
        {
            if (!_bins[bin].IsZero)
            {
                _bins[bin].Write(writer);
            }
        }
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    public void Read(ref SnapshotReader reader)
    {
        this = default;
        byte flags = reader.Byte();
        if (flags == 0)
        {
            return;
        }

        long top = reader.Zigzag();
        if ((flags & 1) == 0 || flags > 15 || top is > TopMax or < -TopMax)
        {
            throw new SnapshotFormatException($"A sum has flags {flags} and highest bin {top}.");
        }

        _biasedTop = top + TopBias;
        for (int bin = 0; bin < BinCount; bin++)
        {
            if ((flags & (2 << bin)) != 0)
            {
                _bins[bin].Read(ref reader);
            }
        }
    }

    /// <summary>Adds the bins, each of two limbs and one limb above the one before, in two's complement.</summary>
    /// <returns>The scale of the limbs.</returns>
    private readonly long CopyTo(Span<ulong> limbs)
    {
        SumBin high = _bins[0], middle = _bins[1], low = _bins[2];
        UInt128 part = low.Low;
        limbs[0] = (ulong)part;
        part = (part >> 64) + low.High + middle.Low;
        limbs[1] = (ulong)part;
        part = (part >> 64) + low.Sign + middle.High + high.Low;
        limbs[2] = (ulong)part;
        part = (part >> 64) + low.Sign + middle.Sign + high.High;
        limbs[3] = (ulong)part;
        limbs[4] = (ulong)(part >> 64) + low.Sign + middle.Sign + high.Sign;
        return _biasedTop - TopBias - (BinCount - 1);
    }

    private void Raise(long biasedTop)
    {
        ulong distance = (ulong)(biasedTop - _biasedTop);
        for (int bin = BinCount - 1; bin >= 0; bin--)
        {
            _bins[bin] = (ulong)bin >= distance ? _bins[bin - (int)distance] : default;
        }

        _biasedTop = biasedTop;
    }

    [InlineArray(BinCount)]
    private struct Bins
    {
        private SumBin _first;
    }
}
