using System.Numerics;
using ContextGrid.Core.Model;
using ContextGrid.Core.Snapshots;

namespace ContextGrid.Core.Features.Accumulators;

/// <summary>
/// The reproducible sum of x^power. Powers are computed exactly on the integer mantissa, and exponents do not overflow;
/// so 1e308⁴ and the fourth power of a subnormal number are as good as any.
/// </summary>
/// <param name="column">The column, a number.</param>
/// <param name="isInteger">Whether the column is of kind Int64.</param>
/// <param name="power">1–4.</param>
internal sealed class PowerSumAccumulator(int column, bool isInteger, int power) : Accumulator, ISum
{
    private BinnedSum _sum;
    private bool _hasRows;

    /// <inheritdoc/>
    public bool HasRows => _hasRows;

    /// <inheritdoc/>
    public void CopyTo(ref ExactNumber target) => _sum.CopyTo(ref target);

    /// <inheritdoc/>
    public ScaledDouble ToScaled() => _sum.ToScaled();

    /// <inheritdoc/>
    public double Over(ulong divisor, ulong factor) => _sum.Over(divisor, factor);

    /// <inheritdoc/>
    public override void Add(in EventRow row)
    {
        ref readonly Value value = ref row.Columns[column];
        if (value.IsNull)
        {
            return;
        }

        _hasRows = true;
        if (power == 1 && !isInteger)
        {
            _sum.Add(value.Double);
        }
        else
        {
            AddPower(value);
        }
    }

    /// <inheritdoc/>
    public override void Merge(Accumulator other)
    {
        var sum = (PowerSumAccumulator)other;
        _sum.Merge(sum._sum);
        _hasRows |= sum._hasRows;
    }

    /// <inheritdoc/>
    public override void Clear()
    {
        _sum = default;
        _hasRows = false;
    }

    /// <inheritdoc/>
    public override void Write(SnapshotWriter writer)
    {
        writer.Byte(_hasRows ? (byte)1 : (byte)0);
        if (_hasRows)
        {
            _sum.Write(writer);
        }
    }

    /// <inheritdoc/>
    public override void Read(ref SnapshotReader reader)
    {
        Clear();
        _hasRows = reader.Byte() != 0;
        if (_hasRows)
        {
            _sum.Read(ref reader);
        }
    }

    private void AddPower(in Value value)
    {
        (ulong mantissa, int exponent, bool negative) = NumberParts.Of(value);
        if (mantissa == 0)
        {
            return;
        }

        // Without its trailing zeros a round number's fourth power fits whole.
        int zeros = BitOperations.TrailingZeroCount(mantissa);
        mantissa >>= zeros;
        exponent += zeros;
        UInt128 square = Math.BigMul(mantissa, mantissa);
        switch (power)
        {
            case 1: _sum.Add(mantissa, exponent, negative); break;
            case 2: _sum.Add(square, 2 * exponent, false); break;
            case 3: AddProduct(square, mantissa, 3 * exponent, negative); break;
            default: AddProduct(square, square, 4 * exponent, false); break;
        }
    }

    /// <summary>Adds a · b · 2^exponent, all 256 bits of it: four exact partial products.</summary>
    private void AddProduct(UInt128 a, UInt128 b, int exponent, bool negative)
    {
        ulong aHigh = (ulong)(a >> 64), aLow = (ulong)a, bHigh = (ulong)(b >> 64), bLow = (ulong)b;
        _sum.Add(Math.BigMul(aHigh, bHigh), exponent + 128, negative);
        _sum.Add(Math.BigMul(aHigh, bLow), exponent + 64, negative);
        _sum.Add(Math.BigMul(aLow, bHigh), exponent + 64, negative);
        _sum.Add(Math.BigMul(aLow, bLow), exponent, negative);
    }
}
