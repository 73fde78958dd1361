using ContextGrid.Core.Model;
using ContextGrid.Core.Snapshots;

namespace ContextGrid.Core.Features.Accumulators;

/// <summary>The smallest or largest number or timestamp of a column.</summary>
/// <remarks>
/// Values are compared as integers: a double's bits are mapped so that their order is the doubles' order, and for the
/// largest all bits are flipped, so that smaller is always better.
/// </remarks>
internal sealed class NumberExtremeAccumulator : Accumulator, IKeptResult
{
    private readonly long _flip;
    private readonly int _column;
    private readonly ValueKind _kind;
    private bool _hasRows;
    private long _best = long.MaxValue;

    /// <summary>Creates the state over a column of kind Int64, Double, Timestamp or Bool.</summary>
    public NumberExtremeAccumulator(int column, ValueKind kind, bool largest)
    {
        _column = column;
        _kind = kind;
        _flip = largest ? -1 : 0;
    }

    /// <inheritdoc/>
    public Value ToValue(ResultArena arena)
    {
        long bits = Ordered(_best ^ _flip);
        return !_hasRows ? Value.Null : _kind switch
        {
            ValueKind.Double => Value.Of(BitConverter.Int64BitsToDouble(bits)),
            ValueKind.Timestamp => Value.Timestamp(bits),
            ValueKind.Bool => Value.Of(bits != 0),
            _ => Value.Of(bits),
        };
    }

    /// <inheritdoc/>
    public override void Add(in EventRow row)
    {
        ref readonly Value value = ref row.Columns[_column];
        if (!value.IsNull)
        {
            _best = Math.Min(_best, Ordered(value.Int64) ^ _flip);
            _hasRows = true;
        }
    }

    /// <inheritdoc/>
    public override void Merge(Accumulator other)
    {
        var extreme = (NumberExtremeAccumulator)other;
        _best = Math.Min(_best, extreme._best);
        _hasRows |= extreme._hasRows;
    }

    /// <inheritdoc/>
    public override void Clear() => (_best, _hasRows) = (long.MaxValue, false);

    /// <inheritdoc/>
    public override void Write(SnapshotWriter writer)
    {
        writer.Byte(_hasRows ? (byte)1 : (byte)0);
        if (_hasRows && _kind == ValueKind.Double)
        {
            writer.UInt64((ulong)Ordered(_best ^ _flip));
        }
        else if (_hasRows)
        {
            writer.Zigzag(_best ^ _flip);
        }
    }

    /// <inheritdoc/>
    public override void Read(ref SnapshotReader reader)
    {
        Clear();
        if (reader.Byte() == 0)
        {
            return;
        }

        _hasRows = true;
        _best = _flip ^ (_kind == ValueKind.Double ? Ordered((long)reader.UInt64()) : reader.Zigzag());
    }

    /// <summary>
    /// Maps a double's bits to an integer of the same order, and back; leaves other kinds as they are.
    /// </summary>
    private long Ordered(long bits) => _kind == ValueKind.Double ? bits ^ ((bits >> 63) & long.MaxValue) : bits;
}
