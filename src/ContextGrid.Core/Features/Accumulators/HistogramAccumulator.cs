using ContextGrid.Core.Model;
using ContextGrid.Core.Snapshots;

namespace ContextGrid.Core.Features.Accumulators;

/// <summary>How many values lie between given edges. An integer is compared as the nearest double.</summary>
internal sealed class HistogramAccumulator(int column, HistogramEdges edges) : Accumulator, IKeptResult
{
    private long[]? _counts;
    private bool _hasRows;

    /// <inheritdoc/>
    public Value ToValue(ResultArena arena)
    {
        if (!_hasRows)
        {
            return Value.Null;
        }

        (Value[] items, int start) = arena.TakeList(edges.BucketCount);
        ReadOnlySpan<long> counts = _counts;
        for (int i = 0; i < counts.Length; i++)
        {
            items[start + i] = Value.Of(counts[i]);
        }

        return Value.List(items, start, edges.BucketCount);
    }

    /// <inheritdoc/>
    public override void Add(in EventRow row)
    {
        ref readonly Value value = ref row.Columns[column];
        if (!value.IsNull)
        {
            Counts()[edges.BucketOf(value.ToDouble())]++;
        }
    }

    /// <inheritdoc/>
    public override void Merge(Accumulator other)
    {
        var histogram = (HistogramAccumulator)other;
        if (!histogram._hasRows)
        {
            return;
        }

        long[] counts = Counts();
        for (int i = 0; i < counts.Length; i++)
        {
            counts[i] += histogram._counts.AsSpan()[i];
        }
    }

    /// <inheritdoc/>
    public override void Clear()
    {
        _counts.AsSpan().Clear();
        _hasRows = false;
    }

    /// <inheritdoc/>
    public override void Write(SnapshotWriter writer)
    {
        writer.Byte(_hasRows ? (byte)1 : (byte)0);
        for (int i = 0; _hasRows && i < edges.BucketCount; i++)
        {
            writer.Varint((ulong)_counts.AsSpan()[i]);
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

        foreach (ref long count in Counts().AsSpan())
        {
            count = (long)(reader.Varint() & long.MaxValue);
        }
    }

    private long[] Counts()
    {
        _hasRows = true;
        return _counts ??= new long[edges.BucketCount];
    }
}
