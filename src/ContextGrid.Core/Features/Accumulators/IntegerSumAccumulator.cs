using ContextGrid.Core.Model;
using ContextGrid.Core.Snapshots;

namespace ContextGrid.Core.Features.Accumulators;

/// <summary>The exact sum of an integer column in 128 bits: room for 2^64 rows of any size.</summary>
/// <param name="column">The column, of kind Int64.</param>
internal sealed class IntegerSumAccumulator(int column) : Accumulator, ISum
{
    private ulong _low;
    private long _high;
    private bool _hasRows;

    /// <inheritdoc/>
    public bool HasRows => _hasRows;

    /// <summary>The sum.</summary>
    public Int128 Sum => new((ulong)_high, _low);

    /// <inheritdoc/>
    public void CopyTo(ref ExactNumber target) => target.Set(Sum);

    /// <inheritdoc/>
    public ScaledDouble ToScaled() => Limbs64.Round([_low, (ulong)_high, (ulong)(_high >> 63)], 0);

    /// <inheritdoc/>
    public double Over(ulong divisor, ulong factor) =>
        Limbs64.Quotient([_low, (ulong)_high, (ulong)(_high >> 63)], 0, factor, divisor);

    /// <inheritdoc/>
    public override void Add(in EventRow row)
    {
        ref readonly Value value = ref row.Columns[column];
        if (!value.IsNull)
        {
            Add((ulong)value.Int64, value.Int64 >> 63);
        }
    }

    /// <inheritdoc/>
    public override void Merge(Accumulator other)
    {
        var sum = (IntegerSumAccumulator)other;
        if (sum._hasRows)
        {
            Add(sum._low, sum._high);
        }
    }

    /// <inheritdoc/>
    public override void Clear() => (_low, _high, _hasRows) = (0, 0, false);

    /// <inheritdoc/>
    public override void Write(SnapshotWriter writer)
    {
        // Nearly every sum fits in 64 bits; the first byte says which form follows.
        bool fits = _high == (long)_low >> 63;
        writer.Byte((byte)(!_hasRows ? 0 : fits ? 1 : 2));
        if (_hasRows)
        {
            writer.Zigzag((long)_low);
        }

        if (_hasRows && !fits)
        {
            writer.Zigzag(_high);
        }
    }

    /// <inheritdoc/>
    public override void Read(ref SnapshotReader reader)
    {
        Clear();
        byte form = reader.Byte();
        if (form > 2)
        {
            throw new SnapshotFormatException($"An integer sum cannot have form {form}.");
        }

        if (form > 0)
        {
            _hasRows = true;
            _low = (ulong)reader.Zigzag();
            _high = form == 1 ? (long)_low >> 63 : reader.Zigzag();
        }
    }

    private void Add(ulong low, long high)
    {
        _low += low;
        _high += high + (_low < low ? 1 : 0);
        _hasRows = true;
    }
}
