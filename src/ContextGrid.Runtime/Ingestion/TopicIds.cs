namespace ContextGrid.Runtime.Ingestion;

/// <summary>
/// Notices an id that comes on two partitions of one topic, as far as one process reads both. It tells nothing about
/// what counts: which of the two came first depends on how the partitions interleave, so that only their counting, each
/// by itself, is a function of the log. A fixed table without locks: an id takes the place of another one at times, and
/// then a repetition of that goes unnoticed. Thread-safe.
/// </summary>
/// <param name="horizonMs">How long an id is remembered, milliseconds of log time.</param>
public sealed class TopicIds(long horizonMs)
{
    /// <summary>Ids of a topic that are remembered at most: 4 MiB.</summary>
    internal const int IdsMax = 262_144;

    private const int PartitionBits = 16;
    private const ulong PartitionMask = (1UL << PartitionBits) - 1;

    // The low bits of an id's hash find its place; the others stand there, above the number of the partition.
    private readonly ulong[] _ids = new ulong[IdsMax];
    private readonly long[] _timesMs = new long[IdsMax];

    /// <summary>Notes an id and says whether another partition had it last, within the horizon.</summary>
    /// <param name="id">The id's hash.</param>
    /// <param name="partition">The record's partition.</param>
    /// <param name="logTimeMs">When the log took the record.</param>
    internal bool IsElsewhere(ulong id, int partition, long logTimeMs)
    {
        int place = (int)(id & (IdsMax - 1));
        ulong mine = (id & ~PartitionMask) | ((ulong)partition & PartitionMask);
        ulong there = Volatile.Read(ref _ids[place]);
        long thereMs = Volatile.Read(ref _timesMs[place]);
        Volatile.Write(ref _timesMs[place], logTimeMs);
        Volatile.Write(ref _ids[place], mine);
        return there != 0 && there != mine && ((there ^ mine) & ~PartitionMask) == 0
            && Math.Abs(logTimeMs - thereMs) <= horizonMs;
    }
}
