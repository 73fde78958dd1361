using ContextGrid.Core.Snapshots;

namespace ContextGrid.Core.Features.Accumulators;

/// <summary>The number of rows, or of rows whose column is not null.</summary>
/// <param name="column">The column; −1 to count every row.</param>
internal sealed class CountAccumulator(int column) : Accumulator
{
    /// <summary>The count.</summary>
    public long Count { get; private set; }

    /// <inheritdoc/>
    public override void Add(in EventRow row)
    {
        if (column < 0 || !row.Columns[column].IsNull)
        {
            Count++;
        }
    }

    /// <inheritdoc/>
    public override void Merge(Accumulator other) => Count += ((CountAccumulator)other).Count;

    /// <inheritdoc/>
    public override void Clear() => Count = 0;

    /// <inheritdoc/>
    public override void Write(SnapshotWriter writer) => writer.Varint((ulong)Count);

    /// <inheritdoc/>
    public override void Read(ref SnapshotReader reader) => Count = (long)(reader.Varint() & long.MaxValue);
}
