using System.Numerics;
using System.Runtime.CompilerServices;

namespace ContextGrid.Core.Features.Accumulators;

/// <summary>
/// A signed number of up to 28 limbs of 64 bits, times a power of 2^64: enough for the fourth power of a
/// <see cref="BinnedSum"/>, so that moments are computed from power sums without cancellation. Where a result has more
/// limbs than fit, its lowest are cut off (at least 1,700 bits remain). Lives on the stack while a result is computed.
/// </summary>
internal struct ExactNumber
{
    private const int LimbCount = 28;

    private Limbs _limbs; // Little endian; the highest of _length limbs is not zero, and neither is the lowest.
    private int _length;
    private bool _negative;
    private long _scale; // The value is limbs · 2^(64 · scale).

    /// <summary>Whether this is zero.</summary>
    public readonly bool IsZero => _length == 0;

    /// <summary>−1, 0 or 1.</summary>
    public readonly int Sign => _length == 0 ? 0 : _negative ? -1 : 1;

    /// <summary>Becomes zero.</summary>
    public void SetZero()
    {
        _length = 0;
        _negative = false;
        _scale = 0;
    }

    /// <summary>Becomes an integer.</summary>
    public void Set(Int128 value)
    {
        _negative = value < 0;
        UInt128 magnitude = (UInt128)(value < 0 ? -value : value);
        _limbs[0] = (ulong)magnitude;
        _limbs[1] = (ulong)(magnitude >> 64);
        _length = 2;
        _scale = 0;
        Trim();
    }

    /// <summary>Becomes the two's complement number in <paramref name="limbs"/> · 2^(64 · scale).</summary>
    public void SetTwosComplement(ReadOnlySpan<ulong> limbs, long scale)
    {
        _negative = (long)limbs[^1] < 0;
        ulong carry = 1;
        for (int i = 0; i < limbs.Length; i++)
        {
            ulong limb = _negative ? ~limbs[i] + carry : limbs[i];
            carry = limb == 0 ? carry : 0;
            _limbs[i] = limb;
        }

        _length = limbs.Length;
        _scale = scale;
        Trim();
    }

    /// <summary>Becomes a · b. Neither may be this.</summary>
    public void SetProduct(in ExactNumber a, in ExactNumber b)
    {
        Span<ulong> product = stackalloc ulong[2 * LimbCount];
        product = product[..(a._length + b._length)];
        product.Clear();
        for (int i = 0; i < a._length; i++)
        {
            ulong carry = 0;
            for (int j = 0; j < b._length; j++)
            {
                ulong high = Math.BigMul(a._limbs[i], b._limbs[j], out ulong low);
                low += carry;
                high += low < carry ? 1UL : 0;
                product[i + j] += low;
                carry = high + (product[i + j] < low ? 1UL : 0);
            }

            product[i + b._length] = carry;
        }

        _negative = a._negative != b._negative;
        SetMagnitude(product, a._scale + b._scale);
    }

    /// <summary>Multiplies by an integer, at most 2^63 in magnitude.</summary>
    public void Multiply(long factor)
    {
        ExactNumber copy = this, other = default;
        other.Set(factor);
        SetProduct(copy, other);
    }

    /// <summary>Adds another number.</summary>
    public void Add(in ExactNumber other)
    {
        if (other.IsZero)
        {
            return;
        }

        if (IsZero)
        {
            this = other;
            return;
        }

        long top = Math.Max(_scale + _length, other._scale + other._length);
        long bottom = Math.Max(Math.Min(_scale, other._scale), top - LimbCount + 1);
        Span<ulong> sum = stackalloc ulong[LimbCount + 1];
        sum = sum[..(int)(top - bottom + 1)];
        ulong carry = 0;
        bool subtract = _negative != other._negative;
        for (int i = 0; i < sum.Length; i++)
        {
            ulong right = subtract ? ~other.LimbAt(bottom + i) : other.LimbAt(bottom + i);
            UInt128 part = (UInt128)LimbAt(bottom + i) + right + (subtract && i == 0 ? 1UL : carry);
            sum[i] = (ulong)part;
            carry = (ulong)(part >> 64);
        }

        if (!subtract)
        {
            SetMagnitude(sum, bottom);
            return;
        }

        bool negative = _negative;
        SetTwosComplement(sum[..Math.Min(sum.Length, LimbCount)], bottom);
        _negative ^= negative;
    }

    /// <summary>
    /// The nearest double, ties to even, as fraction · 2^exponent with 1 ≤ |fraction| &lt; 2 (or 2 after rounding);
    /// zero is 0 · 2^0.
    /// </summary>
    public readonly ScaledDouble ToScaled()
    {
        if (IsZero)
        {
            return default;
        }

        ulong top = _limbs[_length - 1];
        ulong next = _length > 1 ? _limbs[_length - 2] : 0;
        int zeros = BitOperations.LeadingZeroCount(top);
        ulong leading = zeros == 0 ? top : (top << zeros) | (next >> (64 - zeros));
        bool sticky = (zeros == 0 ? next : next << zeros) != 0 || _length > 2;

        // 63 bits convert to a double with one correct rounding; the lowest stands for everything below.
        long rounded = (long)(leading >> 1) | (long)(leading & 1) | (sticky ? 1L : 0);
        double fraction = rounded * (1.0 / (1L << 62));
        long exponent = 64 * (_scale + _length) - 1 - zeros;
        return new ScaledDouble(_negative ? -fraction : fraction, exponent);
    }

    private readonly ulong LimbAt(long place)
    {
        long index = place - _scale;
        return (ulong)index < (ulong)_length ? _limbs[(int)index] : 0;
    }

    private void SetMagnitude(ReadOnlySpan<ulong> limbs, long scale)
    {
        while (limbs.Length > 0 && limbs[^1] == 0)
        {
            limbs = limbs[..^1];
        }

        int cut = Math.Max(0, limbs.Length - LimbCount);
        for (int i = cut; i < limbs.Length; i++)
        {
            _limbs[i - cut] = limbs[i];
        }

        _length = limbs.Length - cut;
        _scale = scale + cut;
        Trim();
    }

    private void Trim()
    {
        while (_length > 0 && _limbs[_length - 1] == 0)
        {
            _length--;
        }

        int zeros = 0;
        while (zeros < _length && _limbs[zeros] == 0)
        {
            zeros++;
        }

        for (int i = zeros; zeros > 0 && i < _length; i++)
        {
            _limbs[i - zeros] = _limbs[i];
        }

        _length -= zeros;
        _scale += zeros;
        if (_length == 0)
        {
            SetZero();
        }
    }

    [InlineArray(LimbCount)]
    private struct Limbs
    {
        private ulong _first;
    }
}
