using System.Collections.Concurrent;
using System.Collections.Immutable;

namespace ContextGrid.Runtime.Ingestion;

/// <summary>
/// What became of the records of a topic's partitions whose id was known before, so that whoever published or retried
/// them is told. A record that is applied and of which nothing is known here counted. Thread-safe.
/// </summary>
/// <param name="progress">How far the partitions are applied that are read in this process.</param>
/// <param name="time">Measures waits.</param>
public sealed class IdVerdicts(ImmutableArray<PartitionProgress> progress, TimeProvider time)
{
    /// <summary>The most that is kept for a partition, newest last: 1 MiB.</summary>
    internal const int CountMax = 65_536;

    /// <summary>
    /// How long a publish waits at most until its records are applied, beyond the time in which they became durable:
    /// ordinarily a millisecond.
    /// </summary>
    internal static readonly TimeSpan WaitMax = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrentDictionary<TopicPartition, PartitionVerdicts> _partitions = new();

    /// <summary>Begins the verdicts of a partition that is read in this process from now on.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="from">Nothing is known of records before this offset.</param>
    internal PartitionVerdicts Begin(TopicPartition partition, long from) =>
        _partitions[partition] = new PartitionVerdicts(from);

    /// <summary>Forgets a partition that is not read in this process any more.</summary>
    internal void End(TopicPartition partition) => _partitions.TryRemove(partition, out _);

    /// <summary>
    /// Waits a moment until records are applied, and says how many of them did not count, by their ids.
    /// </summary>
    /// <param name="topic">The records' topic.</param>
    /// <param name="records">Where they are; of one partition in ascending order.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Null: it is not known, since a partition is read elsewhere or is behind.</returns>
    internal async ValueTask<IdTally?> CountAsync(
        string topic, ReadOnlyMemory<RecordPosition> records, CancellationToken cancellationToken)
    {
        long started = time.GetTimestamp();
        var sum = new IdTally(0, 0, 0);
        foreach ((int number, long first, long last) in Spans(records.Span))
        {
            var partition = new TopicPartition(topic, number);
            if (progress.FirstOrDefault(p => p.Partition == partition) is not { } applied
                || !_partitions.TryGetValue(partition, out PartitionVerdicts? verdicts)
                || !await IsAppliedAsync(verdicts, applied, last, started, cancellationToken)
                || verdicts.Count(records.Span, number, first, last) is not { } tally)
            {
                return null;
            }

            sum += tally;
        }

        return sum;
    }

    /// <summary>The verdict on a record that is applied; null: it is not known any more.</summary>
    internal IdVerdict? Of(TopicPartition partition, long offset) =>
        _partitions.TryGetValue(partition, out PartitionVerdicts? verdicts) ? verdicts.Of(offset) : null;

    // A partition that is held up is waited for once until it has come that far: else each publish would wait.
    private async ValueTask<bool> IsAppliedAsync(
        PartitionVerdicts verdicts,
        PartitionProgress applied,
        long offset,
        long started,
        CancellationToken cancellationToken)
    {
        TimeSpan rest = WaitMax - time.GetElapsedTime(started);
        if (applied.Next > offset)
        {
            return true;
        }

        if (rest <= TimeSpan.Zero || verdicts.HeldUpAt >= applied.Next)
        {
            return false;
        }

        bool isApplied = await applied.WaitForAsync(offset, rest, time, cancellationToken);
        verdicts.HeldUpAt = isApplied ? -1 : offset;
        return isApplied;
    }

    private static List<(int Partition, long First, long Last)> Spans(ReadOnlySpan<RecordPosition> records)
    {
        var spans = new List<(int Partition, long First, long Last)>();
        foreach (RecordPosition record in records)
        {
            int at = spans.FindIndex(s => s.Partition == record.Partition);
            if (at < 0)
            {
                spans.Add((record.Partition, record.Offset, record.Offset));
            }
            else
            {
                spans[at] = spans[at] with { Last = record.Offset };
            }
        }

        return spans;
    }
}
