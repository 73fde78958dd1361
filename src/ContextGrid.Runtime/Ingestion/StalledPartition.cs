namespace ContextGrid.Runtime.Ingestion;

/// <summary>
/// Looks after the lag of a partition that is not read at present. Producers go on, so without this the lag would stand
/// still and answers would look fresher than they are (I12).
/// </summary>
internal static class StalledPartition
{
    /// <summary>Notes the partition's end again and again until cancelled.</summary>
    internal static async Task WatchEndAsync(
        IEventLog log,
        PartitionProgress progress,
        TimeSpan interval,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(interval, time);
        try
        {
            do
            {
                await NoteEndAsync(log, progress, time, cancellationToken);
            }
            while (await timer.WaitForNextTickAsync(cancellationToken));
        }
        catch (OperationCanceledException)
        {
            // The host stops.
        }
    }

    /// <summary>Notes the partition's end once.</summary>
    internal static async ValueTask NoteEndAsync(
        IEventLog log, PartitionProgress progress, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            long nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
            LogRange range = await log.GetRangeAsync(progress.Partition, cancellationToken);
            progress.SeeStalled(range.End, nowMs);
            progress.Verify(nowMs);
        }
        catch (EventLogException)
        {
            // The log can't be asked; the last known end stays, and grows old.
        }
    }
}
