using ContextGrid.Core.Model;
using ContextGrid.Core.Snapshots;

namespace ContextGrid.Core.Features.Accumulators;

/// <summary>The smallest or largest text of a column by ordinal UTF-8.</summary>
internal sealed class TextExtremeAccumulator(int column, bool largest) : Accumulator, IKeptResult
{
    private KeptValue _best;

    /// <inheritdoc/>
    public Value ToValue(ResultArena arena) => _best.ToValue(arena);

    /// <inheritdoc/>
    public override void Add(in EventRow row)
    {
        ref readonly Value value = ref row.Columns[column];
        if (!value.IsNull && (_best.Kind == ValueKind.Null || Better(_best.Compare(value))))
        {
            _best.Set(value);
        }
    }

    /// <inheritdoc/>
    public override void Merge(Accumulator other)
    {
        ref readonly KeptValue value = ref ((TextExtremeAccumulator)other)._best;
        if (value.Kind != ValueKind.Null && (_best.Kind == ValueKind.Null || Better(_best.Compare(value))))
        {
            _best.Set(value);
        }
    }

    /// <inheritdoc/>
    public override void Clear() => _best.Clear();

    /// <inheritdoc/>
    public override void Write(SnapshotWriter writer)
    {
        bool set = _best.Kind != ValueKind.Null;
        writer.Byte(set ? (byte)1 : (byte)0);
        if (set)
        {
            _best.Write(writer);
        }
    }

    /// <inheritdoc/>
    public override void Read(ref SnapshotReader reader)
    {
        Clear();
        if (reader.Byte() != 0)
        {
            _best.Read(ref reader, ValueKind.String);
        }
    }

    private bool Better(int bestToNew) => largest ? bestToNew < 0 : bestToNew > 0;
}
