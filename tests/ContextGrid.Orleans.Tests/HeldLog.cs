using System.Collections.Concurrent;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.TestKit.Logs;

namespace ContextGrid.Orleans.Tests;

/// <summary>
/// The log of all silos, which none of them closes, and whose partitions can be held or taken away. Thread-safe.
/// </summary>
internal sealed class HeldLog(IEventLog log) : ForwardingLog(log)
{
    private readonly ConcurrentDictionary<TopicPartition, TaskCompletionSource> _held = new();
    private readonly ConcurrentDictionary<TopicPartition, bool> _away = new();
    private volatile bool _isSilent;
    private int _batches;

    /// <summary>How often a reader of a topic other than the dead letters was given records.</summary>
    internal int Batches => Volatile.Read(ref _batches);

    public override TimeSpan? SharedAppendMax => TimeSpan.FromSeconds(5);

    public override ILogReader OpenReader(TopicPartition partition, long fromOffset)
    {
        ThrowIfAway(partition);
        return new Reader(this, partition, Log.OpenReader(partition, fromOffset), fromOffset);
    }

    public override ValueTask<LogRange> GetRangeAsync(TopicPartition partition, CancellationToken cancellationToken)
    {
        ThrowIfAway(partition);
        return Log.GetRangeAsync(partition, cancellationToken);
    }

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>From now on readers wait that begin at the partition's beginning.</summary>
    internal void Hold(TopicPartition partition) => _held[partition] = new TaskCompletionSource();

    /// <summary>Nobody waits any more.</summary>
    internal void Release(TopicPartition partition)
    {
        if (_held.TryRemove(partition, out TaskCompletionSource? held))
        {
            held.SetResult();
        }
    }

    /// <summary>From now on the partition can't be opened.</summary>
    internal void TakeAway(TopicPartition partition) => _away[partition] = true;

    /// <summary>From now on nothing is read, and no end is seen, as where brokers do not answer; false: it is again.
    /// </summary>
    internal void Silence(bool isSilent) => _isSilent = isSilent;

    private void ThrowIfAway(TopicPartition partition)
    {
        if (_isSilent || _away.ContainsKey(partition))
        {
            throw new EventLogException(EventLogError.Unavailable, $"{partition} is away.");
        }
    }

    private sealed class Reader(HeldLog log, TopicPartition partition, ILogReader reader, long from) : ILogReader
    {
        public long NextOffset => reader.NextOffset;

        private LogEnd _end;

        public LogEnd End => log._isSilent ? _end : _end = reader.End;

        public async ValueTask<ReadOutcome> ReadAsync(
            LogBatch batch, TimeSpan wait, CancellationToken cancellationToken)
        {
            if (from == 0 && reader.NextOffset == 0 && log._held.TryGetValue(partition, out TaskCompletionSource? held))
            {
                await held.Task.WaitAsync(cancellationToken);
            }

            if (log._isSilent)
            {
                batch.Clear();
                await Task.Delay(wait, cancellationToken);
                return ReadOutcome.None;
            }

            ReadOutcome outcome = await reader.ReadAsync(batch, wait, cancellationToken);
            if (outcome == ReadOutcome.Records && partition.Topic != DeadLetterTopic.Name)
            {
                Interlocked.Increment(ref log._batches);
            }

            return outcome;
        }

        public ValueTask DisposeAsync() => reader.DisposeAsync();
    }
}
