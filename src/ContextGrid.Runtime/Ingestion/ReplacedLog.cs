using ContextGrid.Runtime.Checkpoints;
using Microsoft.Extensions.Logging;

namespace ContextGrid.Runtime.Ingestion;

/// <summary>
/// A partition that was truncated, or whose topic was deleted and made anew: it does not hold what state reflects.
/// State can't be taken back, and entities tell events by offsets, so that the offsets before the position are given
/// up.
/// </summary>
internal static partial class ReplacedLog
{
    /// <summary>Refuses a log that does not hold what was applied of it, as far as that can be told.</summary>
    /// <exception cref="EventLogException">It was replaced, or it can't be read.</exception>
    internal static async ValueTask CheckAsync(
        IEventLog log, PartitionProgress progress, LogBatch records, CancellationToken cancellationToken)
    {
        if (progress.Mark is not { } mark)
        {
            return;
        }

        LogRange range = await log.GetRangeAsync(progress.Partition, cancellationToken);
        if (mark.Offset >= range.End)
        {
            throw Replaced(progress.Partition, $"it ends at offset {range.End}, and {mark.Offset} is applied");
        }

        if (mark.Offset < range.Start)
        {
            return; // No longer retained: nobody can tell.
        }

        await using ILogReader reader = log.OpenReader(progress.Partition, mark.Offset);
        if (await reader.ReadAsync(records, TimeSpan.Zero, cancellationToken) == ReadOutcome.Records
            && records[0].Offset == mark.Offset && RecordMark.Of(records, 0) != mark)
        {
            throw Replaced(progress.Partition, $"the record at offset {mark.Offset} is another one than was applied");
        }
    }

    /// <summary>Declares that what stands before the position is not what was applied, and what came in its place is
    /// not applied (I8).</summary>
    internal static void Declare(PartitionProgress progress) =>
        progress.DeclareGap(new OffsetGap(0, progress.Next - 1));

    /// <summary>Declares the gap if an exception says that the log was replaced.</summary>
    internal static void DeclareIfReplaced(Exception e, PartitionProgress progress)
    {
        if (e is EventLogException { Error: EventLogError.Replaced })
        {
            Declare(progress);
        }
    }

    /// <summary>
    /// Declares the gap, forgets what the log was, and waits until it has reached the position again.
    /// </summary>
    internal static async Task OutwaitAsync(
        EventLogException why,
        IEventLog log,
        PartitionProgress progress,
        TimeSpan interval,
        TimeProvider time,
        ILogger logger,
        CancellationToken cancellationToken)
    {
        Declare(progress);
        progress.Mark = null;
        LogReplaced(logger, why.Message, progress.Next);
        using var timer = new PeriodicTimer(interval, time);
        do
        {
            try
            {
                long nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
                LogRange range = await log.GetRangeAsync(progress.Partition, cancellationToken);
                progress.Verify(nowMs);
                if (range.End >= progress.Next)
                {
                    return;
                }
            }
            catch (EventLogException)
            {
                // What is known grows old.
            }
        }
        while (await timer.WaitForNextTickAsync(cancellationToken));
    }

    [LoggerMessage(LogLevel.Warning, "{Message} The topic is set to go on: what is written there before offset {Next} "
        + "is a declared gap.")]
    private static partial void LogReplaced(ILogger logger, string message, long next);

    private static EventLogException Replaced(TopicPartition partition, string why) => new(
        EventLogError.Replaced,
        $"{partition.Topic}/{partition.Partition} was truncated or made anew: {why}. State reflects records that are "
        + "no longer there; start with --rebuild to build it from what there is.");
}
