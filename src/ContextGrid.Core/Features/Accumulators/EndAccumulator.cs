using ContextGrid.Core.Model;
using ContextGrid.Core.Snapshots;

namespace ContextGrid.Core.Features.Accumulators;

/// <summary>The value of the earliest or latest row with a non-null column, by time and then position.</summary>
internal sealed class EndAccumulator(int column, ValueKind kind, bool latest) : Accumulator, IKeptResult
{
    private KeptRow _kept;

    /// <inheritdoc/>
    public Value ToValue(ResultArena arena) => _kept.Value.ToValue(arena);

    /// <inheritdoc/>
    public override void Add(in EventRow row)
    {
        if (!row.Columns[column].IsNull && (!_kept.IsSet || Better(_kept.CompareOrder(row))))
        {
            _kept.Set(row, column);
        }
    }

    /// <inheritdoc/>
    public override void Merge(Accumulator other)
    {
        ref readonly KeptRow row = ref ((EndAccumulator)other)._kept;
        if (row.IsSet && (!_kept.IsSet || Better(_kept.CompareOrder(row))))
        {
            _kept.Set(row);
        }
    }

    /// <inheritdoc/>
    public override void Clear() => _kept.Value.Clear();

    /// <inheritdoc/>
    public override void Write(SnapshotWriter writer)
    {
        writer.Byte(_kept.IsSet ? (byte)1 : (byte)0);
        if (_kept.IsSet)
        {
            _kept.Write(writer);
        }
    }

    /// <inheritdoc/>
    public override void Read(ref SnapshotReader reader)
    {
        Clear();
        if (reader.Byte() != 0)
        {
            _kept.Read(ref reader, kind);
        }
    }

    private bool Better(int keptToNew) => latest ? keptToNew < 0 : keptToNew > 0;
}
