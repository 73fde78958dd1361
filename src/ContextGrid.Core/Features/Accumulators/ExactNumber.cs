using System.Diagnostics.CodeAnalysis;
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
        limbs.CopyTo(_limbs);
        _negative = Limbs64.ToMagnitude(_limbs[..limbs.Length]);
        _length = limbs.Length;
        _scale = scale;
        Trim();
    }

    /// <summary>Becomes a · b. Neither may be this.</summary>
    public void SetProduct(in ExactNumber a, in ExactNumber b)
    {
        int length = a._length + b._length;
        _negative = a._negative != b._negative;
        if (length <= LimbCount)
        {
            Limbs64.Multiply(a.Used, b.Used, _limbs[..length]);
            _length = length;
            _scale = a._scale + b._scale;
            Trim();
            return;
        }

        Span<ulong> product = stackalloc ulong[2 * LimbCount];
        Limbs64.Multiply(a.Used, b.Used, product[..length]);
        SetMagnitude(product[..length], a._scale + b._scale);
    }

    /// <summary>Changes the sign.</summary>
    public void Negate() => _negative = !_negative;

    /// <summary>Multiplies by an integer.</summary>
    public void Multiply(long factor)
    {
        ulong magnitude = factor < 0 ? (ulong)-factor : (ulong)factor;
        ulong carry = 0;
        _negative ^= factor < 0;
        foreach (ref ulong limb in _limbs[.._length])
        {
            ulong high = Math.BigMul(limb, magnitude, out ulong low);
            limb = low + carry;
            carry = high + (limb < low ? 1UL : 0);
        }

        if (carry != 0 && _length == LimbCount)
        {
            ((ReadOnlySpan<ulong>)_limbs)[1..].CopyTo(_limbs);
            _limbs[LimbCount - 1] = carry;
            _scale++;
        }
        else if (carry != 0)
        {
            _limbs[_length++] = carry;
        }

        Trim();
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
        bool subtract = _negative != other._negative;
        ulong carry = subtract ? 1UL : 0;
        ulong mask = subtract ? ulong.MaxValue : 0;
        for (int i = 0; i < sum.Length; i++)
        {
            ulong left = LimbAt(bottom + i), right = other.LimbAt(bottom + i) ^ mask;
            ulong part = left + right;
            sum[i] = part + carry;
            carry = (part < left ? 1UL : 0) | (sum[i] < part ? 1UL : 0);
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
    public readonly ScaledDouble ToScaled() => Limbs64.RoundMagnitude(Used, _scale, _negative);

    [UnscopedRef]
    private readonly ReadOnlySpan<ulong> Used => _limbs[.._length];

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
        limbs[cut..].CopyTo(_limbs);
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

        if (zeros > 0)
        {
            ((ReadOnlySpan<ulong>)_limbs)[zeros.._length].CopyTo(_limbs);
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
