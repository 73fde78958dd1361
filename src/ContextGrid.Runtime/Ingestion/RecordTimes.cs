namespace ContextGrid.Runtime.Ingestion;

/// <summary>When records of a log were taken.</summary>
internal static class RecordTimes
{
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
