using Confluent.Kafka;
using ContextGrid.Runtime.Checkpoints;
using TopicPartition = ContextGrid.Runtime.Ingestion.TopicPartition;

namespace ContextGrid.Adapters.Kafka;

/// <summary>
/// Tells apart why offsets of a compacted topic hold no record for a reader of committed ones: compaction has removed
/// it, or it belongs to a transaction. A record of an aborted transaction is seen by a reader of uncommitted ones; a
/// transaction's marker is seen by nobody, but brokers find its offset by its time. One caller at a time.
/// </summary>
/// <param name="queries">Finds offsets by time.</param>
/// <param name="options">The settings.</param>
internal sealed class CompactionProbe(KafkaQueries queries, KafkaOptions options) : IDisposable
{
    // More markers in a row are unlikely: each ends another transaction.
    private const int MarkersMax = 4;

    // How far a marker's time may be after the record before it.
    private const long SkewMsMax = 1 << 16;

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);

    private readonly SemaphoreSlim _one = new(1, 1);
    private IConsumer<int, int>? _consumer;

    /// <summary>Whether compaction has removed a record of a hole; in doubt it has.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="hole">Offsets without committed records.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="Runtime.Ingestion.EventLogException">The brokers can't be asked.</exception>
    internal async ValueTask<bool> HasRemovedAsync(
        TopicPartition partition, OffsetGap hole, CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            (long next, long lastMs) = (StartOf(hole), -1);
            foreach ((long offset, long timeMs) in await Task.Run(() => ReadAll(partition, hole), cancellationToken))
            {
                if (offset > next && offset > hole.First
                    && !await IsOfMarkersAsync(partition, next, offset - 1, lastMs, cancellationToken))
                {
                    return true;
                }

                (next, lastMs) = (offset + 1, timeMs);
            }

            return next <= hole.Last
                && !await IsOfMarkersAsync(partition, next, hole.Last, lastMs, cancellationToken);
        }
        finally
        {
            _one.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _consumer?.Dispose();
        _one.Dispose();
    }

    private async ValueTask<bool> IsOfMarkersAsync(
        TopicPartition partition, long first, long last, long lastMs, CancellationToken cancellationToken)
    {
        if (lastMs < 0 || last - first >= MarkersMax)
        {
            return false;
        }

        // Brokers find the first offset whose time is not before a given one. It grows with that time: what is looked
        // for is the earliest time that leads to the hole or behind it. A marker has the broker's time.
        (long before, long after, long found) = (lastMs, lastMs, -1);
        for (long step = 1; step <= SkewMsMax && before == after; step *= 2)
        {
            after = lastMs + step;
            found = await queries.FindOffsetAsync(partition, after, cancellationToken);
            before = found >= 0 && found < first ? after : before;
        }

        while (after - before > 1)
        {
            long middle = before + ((after - before) / 2);
            long offset = await queries.FindOffsetAsync(partition, middle, cancellationToken);
            bool isBefore = offset >= 0 && offset < first;
            (before, after, found) = isBefore ? (middle, after, found) : (before, middle, offset);
        }

        return found >= first && found <= last;
    }

    // Markers that were passed before may stand between the hole and the record before it.
    private static long StartOf(OffsetGap hole) => Math.Max(0, hole.First - MarkersMax);

    // The records before the hole, and those in it, committed or not.
    private List<(long Offset, long TimeMs)> ReadAll(TopicPartition partition, OffsetGap hole)
    {
        _consumer ??= KafkaConfigs.BuildConsumer(options, new RecordBuffer(), _ => { }, IsolationLevel.ReadUncommitted);
        var found = new List<(long, long)>();
        _consumer.Assign(new TopicPartitionOffset(partition.Topic, partition.Partition, StartOf(hole)));
        try
        {
            for (long left = (long)(options.Patience / Poll); left > 0; left--)
            {
                if (ConsumeOne() is not { } record)
                {
                    continue;
                }

                if (record.IsPartitionEOF || record.Offset.Value > hole.Last)
                {
                    break;
                }

                found.Add((record.Offset.Value, record.Message.Timestamp.UnixTimestampMs));
            }
        }
        finally
        {
            _consumer.Unassign();
        }

        return found;
    }

    private ConsumeResult<int, int>? ConsumeOne()
    {
        try
        {
            return _consumer?.Consume(Poll);
        }
        catch (ConsumeException)
        {
            return null; // What can't be read is not explained.
        }
    }
}
