using ContextGrid.Runtime.Checkpoints;

namespace ContextGrid.Runtime.Ingestion;

/// <summary>
/// Port: a partitioned, append-only log of records. Embedded: <c>FileEventLog</c>; production: Kafka.
/// </summary>
/// <remarks>
/// <para>Contract. Offsets of a partition only grow; they may have gaps (compaction, transaction markers), and a gap
/// inside the retained range loses nothing. Records before <see cref="LogRange.Start"/> are gone: a reader that is
/// asked for them reports <see cref="ReadOutcome.OffsetGone"/> and never skips silently.</para>
/// <para>A record is visible to readers only when it is durable. All members are thread-safe.</para>
/// </remarks>
public interface IEventLog : IAsyncDisposable
{
    /// <summary>
    /// The number of partitions of a topic; 0 when there is no such topic. It may grow while running.
    /// </summary>
    ValueTask<int> CountPartitionsAsync(string topic, CancellationToken cancellationToken);

    /// <summary>
    /// Why what is read can't be all there is, in a sentence for operators; null: nothing is known against it.
    /// </summary>
    string? Incomplete => null;

    /// <summary>
    /// What operators should know of the log although it is read, in sentences: rights that are missing, topics whose
    /// history is not whole by their settings.
    /// </summary>
    IReadOnlyList<string> Notes => [];

    /// <summary>
    /// The source topics of which only the newest record of each key is sure to stay: what compaction removes before it
    /// is read, or read again, is missing in state.
    /// </summary>
    IReadOnlyCollection<string> Compacted => [];

    /// <summary>
    /// Makes what the host needs and is missing, such as the topic of the dead letters. Called once, when nothing else
    /// can refuse the start any more, so that a start that is refused leaves nothing behind.
    /// </summary>
    /// <exception cref="EventLogException">It can't be made.</exception>
    ValueTask CreateMissingAsync(CancellationToken cancellationToken) => default;

    /// <summary>
    /// How long after it was begun an append may still become durable, where other processes may append to the same
    /// topics; null: no other process can.
    /// </summary>
    TimeSpan? SharedAppendMax => null;

    /// <summary>The offsets that a partition has now.</summary>
    /// <exception cref="EventLogException">There is no such partition, or it can't be reached.</exception>
    ValueTask<LogRange> GetRangeAsync(TopicPartition partition, CancellationToken cancellationToken);

    /// <summary>
    /// Appends records to one topic and returns when all are durable. Records of one call that have the same partition
    /// keep their order. The records' buffers may be reused as soon as the call has returned.
    /// </summary>
    /// <param name="topic">An existing topic.</param>
    /// <param name="records">The records; a partition of −1 is chosen from the key (Kafka's murmur2; a null key:
    /// round robin).</param>
    /// <param name="positions">Takes, for each record, its partition and offset; as long as
    /// <paramref name="records"/>.</param>
    /// <param name="cancellationToken">Ends the wait only: records handed over may still become durable.</param>
    /// <exception cref="EventLogException">Nothing is acknowledged; <see cref="EventLogException.Error"/> says why, and
    /// whether a retry can help. Some records may nevertheless have become durable.</exception>
    ValueTask AppendAsync(
        string topic,
        ReadOnlyMemory<LogRecord> records,
        Memory<RecordPosition> positions,
        CancellationToken cancellationToken);

    /// <summary>
    /// Opens a reader of one partition at an offset; any number may be open. A partition that there is not is refused
    /// here, or by the first read.
    /// </summary>
    /// <exception cref="EventLogException">There is no such partition.</exception>
    ILogReader OpenReader(TopicPartition partition, long fromOffset);

    /// <summary>
    /// Whether a partition of the topic that was truncated or made anew is gone on with behind a declared gap, as soon
    /// as it has reached the position again; false: it stops until somebody decides.
    /// </summary>
    bool GoesOnWhenReplaced(string topic);

    /// <summary>
    /// The smallest retained offset whose record time is at or after <paramref name="timeMs"/>, as far as the index
    /// knows: the result may be smaller than that offset, never larger. The end when no record is so late.
    /// </summary>
    ValueTask<long> FindOffsetAsync(TopicPartition partition, long timeMs, CancellationToken cancellationToken);
}

/// <summary>Reads one partition in order. Used by one caller at a time.</summary>
public interface ILogReader : IAsyncDisposable
{
    /// <summary>
    /// The offset that the next read starts at. A read that brings no record may pass offsets that hold none, such as
    /// the markers of transactions.
    /// </summary>
    long NextOffset { get; }

    /// <summary>
    /// The partition's end, as far as the reader knows it. While the log can't be reached it stays, and grows old.
    /// </summary>
    LogEnd End { get; }

    /// <summary>
    /// What compaction has removed of what was read so far, from the first to the last such offset; null: nothing, as
    /// far as can be told. It grows with each read.
    /// </summary>
    OffsetGap? Removed => null;

    /// <summary>
    /// Fills <paramref name="batch"/> with the next records. Waits while there is none.
    /// </summary>
    /// <param name="batch">Cleared first; its buffers are reused, and the caller owns it.</param>
    /// <param name="wait">How long to wait for a record; zero: <see cref="ReadOutcome.None"/> is said only at the end
    /// of the partition, and a log that does not give what it has by then throws.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns><see cref="ReadOutcome.Records"/>, <see cref="ReadOutcome.None"/> after the wait, or
    /// <see cref="ReadOutcome.OffsetGone"/>: then <see cref="NextOffset"/> has moved to the first retained offset, and
    /// the caller declares the gap.</returns>
    /// <exception cref="EventLogException">The log is corrupt at a place that was durable, or can't be
    /// read.</exception>
    ValueTask<ReadOutcome> ReadAsync(LogBatch batch, TimeSpan wait, CancellationToken cancellationToken);
}

/// <summary>What a read brought.</summary>
public enum ReadOutcome
{
    /// <summary>At least one record.</summary>
    Records,

    /// <summary>Nothing in the time given.</summary>
    None,

    /// <summary>The wanted offsets are no longer retained.</summary>
    OffsetGone,
}

/// <summary>A topic's partition.</summary>
/// <param name="Topic">The topic's name.</param>
/// <param name="Partition">From 0.</param>
public readonly record struct TopicPartition(string Topic, int Partition);

/// <summary>The offsets of a partition.</summary>
/// <param name="Start">The first retained offset.</param>
/// <param name="End">The offset after the last durable record.</param>
public readonly record struct LogRange(long Start, long End);

/// <summary>The end of a partition as somebody saw it.</summary>
/// <param name="Offset">The offset after the last durable record.</param>
/// <param name="SeenMs">When the look at it began, milliseconds since the Unix epoch.</param>
public readonly record struct LogEnd(long Offset, long SeenMs);

/// <summary>Where a record was put.</summary>
/// <param name="Partition">From 0.</param>
/// <param name="Offset">From 0.</param>
public readonly record struct RecordPosition(int Partition, long Offset);

/// <summary>A record to append.</summary>
/// <param name="Partition">The partition; −1: by key.</param>
/// <param name="TimestampMs">The record's time, milliseconds since the Unix epoch.</param>
/// <param name="Key">The key; empty means none.</param>
/// <param name="Value">The payload, at most 1 MiB.</param>
/// <param name="Headers">Encoded by <see cref="LogHeaders"/>; usually empty.</param>
public readonly record struct LogRecord(
    int Partition,
    long TimestampMs,
    ReadOnlyMemory<byte> Key,
    ReadOnlyMemory<byte> Value,
    ReadOnlyMemory<byte> Headers);
