namespace ContextGrid.Runtime.Ingestion;

/// <summary>Fills the window of a partition's remembered ids from the log, before ingestion starts.</summary>
internal static class IdRecovery
{
    /// <summary>
    /// Lets the cursor see the records before the start again, as far back as producers' ids are remembered, without
    /// applying them.
    /// </summary>
    /// <param name="log">Where the records are.</param>
    /// <param name="progress">The partition, and where its ingestion starts.</param>
    /// <param name="events">The cursor of the partition.</param>
    /// <param name="records">The buffer to read into.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="EventLogException">The log can't be read.</exception>
    /// <exception cref="Codecs.SchemaUnavailableException">A schema can't be had at present.</exception>
    internal static async ValueTask RememberAsync(
        IEventLog log,
        PartitionProgress progress,
        EventBatch events,
        LogBatch records,
        CancellationToken cancellationToken)
    {
        LogRange range = await log.GetRangeAsync(progress.Partition, cancellationToken);
        long end = Math.Min(progress.Next, range.End);
        long from = Math.Max(Math.Max(range.Start, progress.StartOffset), end - IdWindow.IdsMax);
        if (from >= end || !events.HasIds)
        {
            return;
        }

        long lastMs = await log.TimeOfAsync(progress.Partition, end - 1, cancellationToken);
        long recent = await log.FindOffsetAsync(progress.Partition, lastMs - events.DedupeMs, cancellationToken);

        // What the log does not give is a failure: to go on without these ids would count producers' retries twice.
        await using var scan = new LogScan(
            log, progress.Partition, Math.Max(from, recent), end, idleReadsMax: 0) { Batch = records };
        while (await scan.ReadAsync(cancellationToken))
        {
            await events.PrepareAsync(records, cancellationToken);
            events.Load(records, end);
            events.SkipAll();
        }
    }
}
