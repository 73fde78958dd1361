using System.Globalization;
using ContextGrid.Core.Definitions;

namespace ContextGrid.Runtime.Ingestion;

/// <summary>
/// Where new state begins in a partition, as the event's definition says. It is noted in the first checkpoint, so that
/// a restart does not move it; what is before it is left out on purpose and is no gap.
/// </summary>
internal static class LogStart
{
    private const string Prefix = "start.";

    /// <summary>The offset at which new state begins.</summary>
    /// <returns>0 where it begins at the first retained record.</returns>
    /// <exception cref="EventLogException">The log can't be asked.</exception>
    internal static async ValueTask<long> FindAsync(
        IEventLog log, EventDefinition definition, TopicPartition partition, CancellationToken cancellationToken)
    {
        if (definition.Start == EventStart.Earliest)
        {
            return 0;
        }

        LogRange range = await log.GetRangeAsync(partition, cancellationToken);
        return definition.Start == EventStart.Latest
            ? range.End
            : await FindAsync(log, partition, definition.StartMs, range.End, cancellationToken);
    }

    /// <summary>The offsets among the counters of a checkpoint.</summary>
    internal static long Of(IReadOnlyDictionary<string, long> counters, TopicPartition partition) =>
        counters.GetValueOrDefault(CounterOf(partition));

    /// <summary>Notes the offset among the counters of a checkpoint, where there is one.</summary>
    internal static void Note(IDictionary<string, long> counters, PartitionProgress source)
    {
        if (source.StartOffset > 0)
        {
            counters[CounterOf(source.Partition)] = source.StartOffset;
        }
    }

    /// <summary>Says of each topic that does not begin at its first record where it begins.</summary>
    internal static IEnumerable<string> Describe(IEnumerable<PartitionProgress> sources) => sources
        .Where(s => s.StartOffset > 0)
        .GroupBy(s => s.Partition.Topic)
        .Select(t => string.Create(
            CultureInfo.InvariantCulture,
            $"{t.Key} begins where 'start' of its definition said when state was new: at offset "
            + $"{string.Join(", ", t.Take(8).Select(s => $"{s.StartOffset} of partition {s.Partition.Partition}"))}"
            + $"{(t.Count() > 8 ? ", …" : "")}; what is before is left out"));

    private static string CounterOf(TopicPartition partition) => string.Create(
        CultureInfo.InvariantCulture, $"{Prefix}{partition.Topic}/{partition.Partition}");

    // The log's index may point before the first record of the time.
    private static async ValueTask<long> FindAsync(
        IEventLog log, TopicPartition partition, long timeMs, long end, CancellationToken cancellationToken)
    {
        long from = await log.FindOffsetAsync(partition, timeMs, cancellationToken);
        if (from >= end)
        {
            return end;
        }

        await using var scan = new LogScan(log, partition, from, end);
        while (await scan.ReadAsync(cancellationToken))
        {
            for (int i = 0; i < scan.Count; i++)
            {
                if (scan.Batch[i].TimestampMs >= timeMs)
                {
                    return scan.Batch[i].Offset;
                }
            }
        }

        return end;
    }
}
