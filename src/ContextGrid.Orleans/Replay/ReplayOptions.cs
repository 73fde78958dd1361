namespace ContextGrid.Orleans.Replay;

/// <summary>What replays may take of a silo; the same on all silos.</summary>
public sealed record ReplayOptions
{
    /// <summary>How many replays of a silo work at a time, each on one thread; default 1: the others wait for their
    /// turns, which end with each read of the log.</summary>
    public int ThreadsMax { get; init; } = 1;

    /// <summary>How many records a second all replays of a silo read, on average; 0, the default: no limit.</summary>
    public int RecordsPerSecondMax { get; init; }

    /// <summary>The memory, bytes, of the entities of one replay, default 128 MiB: when they have more they become
    /// durable and leave it.</summary>
    public long MemoryBytesMax { get; init; } = 128 << 20;

    /// <summary>After so many records, default 200,000, what a replay has done becomes durable: as many are read again
    /// when its silo dies.</summary>
    public int CheckpointRecords { get; init; } = 200_000;

    /// <summary>How many replays of the cluster may run; default 4.</summary>
    public int RunningMax { get; init; } = 4;

    /// <summary>How many that have ended are kept with their shadow versions; default 20. The oldest ones are removed.
    /// </summary>
    public int KeptMax { get; init; } = 20;
}
