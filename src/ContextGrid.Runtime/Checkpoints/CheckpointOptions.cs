using ContextGrid.Runtime.Shards;

namespace ContextGrid.Runtime.Checkpoints;

/// <summary>The limits of a <see cref="CheckpointStore"/>.</summary>
public sealed record CheckpointOptions
{
    /// <summary>A segment is at most so large; bytes, 4 KiB to 256 MiB, default 64 MiB: large enough for sequential
    /// speed, small enough that one put holds it in memory. One record that is larger has a segment of its
    /// own.</summary>
    public int SegmentBytesMax { get; init; } = 64 << 20;

    /// <summary>So many small segments may stand side by side before they are merged; 1 to 64, default 8.</summary>
    public int SmallSegmentsMax { get; init; } = 8;

    /// <summary>The number of shards of a store that is new, 1 to 256, default 256; a store that has been written keeps
    /// its own.</summary>
    public int ShardCount { get; init; } = ShardMap.CountDefault;

    /// <summary>So long a segment stays after the last manifest that names it; default zero: nobody but the owner
    /// reads. Where other processes may read, it is the time in which one that has read a manifest has read its
    /// segments. An opening begins it anew for what an earlier owner has left.</summary>
    public TimeSpan GarbageGrace { get; init; }

    /// <summary>True: a publish waits for the merge that it starts, so that calls come in one order; for tests and
    /// tools. Default false: the merge runs beside, and the next publish takes its result.</summary>
    public bool MergeInPublish { get; init; }
}
