namespace ContextGrid.Runtime.Ingestion;

/// <summary>When records of a log were taken.</summary>
internal static class RecordTimes
{
    /// <summary>Since when what stands before the end waits to be applied.</summary>
    /// <param name="log">The log.</param>
    /// <param name="partition">The partition.</param>
    /// <param name="next">The next offset to apply.</param>
    /// <param name="end">The partition's end.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>The time of the first such record; now, where it has none, or all offsets up to the end hold no record:
    /// nobody may take that for "nothing waits" (I12), nor for the epoch. 0: nothing waits.</returns>
    /// <exception cref="EventLogException">The log can't be read.</exception>
    public static async ValueTask<long> WaitingSinceAsync(
        this IEventLog log,
        TopicPartition partition,
        long next,
        long end,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        long nowMs = Math.Max(1, time.GetUtcNow().ToUnixTimeMilliseconds());
        long sinceMs = end <= next ? 0 : await log.TimeOfAsync(partition, next, cancellationToken);
        return end > next && sinceMs <= 1 ? nowMs : sinceMs;
    }

    /// <summary>Since when a record waits: its own time, or now, when it has none.</summary>
    internal static long WaitingSince(long recordMs, TimeProvider time) =>
        recordMs > 0 ? recordMs : time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>The time of the first record at or after an offset.</summary>
    /// <param name="log">The log.</param>
    /// <param name="partition">The partition.</param>
    /// <param name="offset">The offset.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>Milliseconds since the Unix epoch, at least 1; 0 when there is no such record.</returns>
    /// <exception cref="EventLogException">The log can't be read.</exception>
    public static async ValueTask<long> TimeOfAsync(
        this IEventLog log, TopicPartition partition, long offset, CancellationToken cancellationToken)
    {
        var batch = new LogBatch();
        ILogReader reader = log.OpenReader(partition, offset);
        await using (reader)
        {
            ReadOutcome outcome = await reader.ReadAsync(batch, TimeSpan.Zero, cancellationToken);
            if (outcome == ReadOutcome.OffsetGone)
            {
                outcome = await reader.ReadAsync(batch, TimeSpan.Zero, cancellationToken);
            }

            return outcome == ReadOutcome.Records ? Math.Max(1, batch[0].TimestampMs) : 0;
        }
    }
}
