using ContextGrid.Core.Model;
using Confluent.Kafka.Admin;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Ingestion;
using TopicPartition = ContextGrid.Runtime.Ingestion.TopicPartition;

namespace ContextGrid.Adapters.Kafka;

/// <summary>Reads one partition of a <see cref="KafkaEventLog"/>, in order, without loss.</summary>
internal sealed class KafkaLogReader(
    KafkaEventLog log, TopicConsumer consumer, TopicPartition partition, long fromOffset, KafkaOptions options,
    TimeProvider time, CompactionProbe? probe) : ILogReader
{
    // Beyond it a broker that does not answer is a fault that somebody should see.
    private static readonly TimeSpan SilenceMax = TimeSpan.FromSeconds(5);

    private readonly long _opened = time.GetTimestamp();
    private bool _isKnown;
    private bool _hasTransactions;

    /// <inheritdoc/>
    public OffsetGap? Removed { get; private set; }

    /// <inheritdoc/>
    public long NextOffset { get; private set; } = fromOffset;

    /// <inheritdoc/>
    public LogEnd End
    {
        get
        {
            LogEnd end = Fetched.End;
            return end with { Offset = Math.Max(end.Offset, NextOffset) };
        }
    }

    /// <summary>What the consumer has fetched for this reader.</summary>
    internal FetchedPartition Fetched { get; private set; } =
        new(partition.Partition, fromOffset, options, probe is not null);

    /// <summary>The partition that is read.</summary>
    internal TopicPartition Partition => partition;

    /// <summary>Whose thread fetches.</summary>
    internal TopicConsumer Consumer => consumer;

    /// <inheritdoc/>
    public async ValueTask<ReadOutcome> ReadAsync(LogBatch batch, TimeSpan wait, CancellationToken cancellationToken)
    {
        batch.Clear();
        await RequireAsync(cancellationToken);
        long started = time.GetTimestamp();
        while (true)
        {
            log.ThrowIfClosed();
            long seen = Fetched.Changed.Version;
            Fetched fetched = Fetched.Take(batch);
            await ExplainAsync(fetched.Holes, cancellationToken);
            if (fetched.Kind == FetchedKind.OutOfRange)
            {
                await GoOnAfterGapAsync(cancellationToken);
                return ReadOutcome.OffsetGone;
            }

            ThrowIfFailed(fetched);
            NextOffset = Math.Max(NextOffset, fetched.Next);
            if (fetched.Kind == FetchedKind.Records)
            {
                return ReadOutcome.Records;
            }

            // "None, at once" is said only at the end: what is still on its way is no reason.
            TimeSpan most = wait > TimeSpan.Zero || fetched.Kind == FetchedKind.End ? wait : options.Patience;
            TimeSpan left = most - time.GetElapsedTime(started);
            if (left <= TimeSpan.Zero)
            {
                ThrowIfSilent(mustEnd: wait <= TimeSpan.Zero && fetched.Kind != FetchedKind.End);
                return ReadOutcome.None;
            }

            await Fetched.Changed.WaitAsync(seen, left, time, cancellationToken);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => log.ReleaseAsync(this);

    private string Name => $"{partition.Topic}/{partition.Partition}";

    private async ValueTask RequireAsync(CancellationToken cancellationToken)
    {
        if (!_isKnown)
        {
            await log.RequireAsync(partition, cancellationToken);
            _isKnown = true;
        }
    }

    // In a partition that has transactions, a hole of one offset is taken for another marker.
    private async ValueTask ExplainAsync(IReadOnlyList<OffsetGap>? holes, CancellationToken cancellationToken)
    {
        foreach (OffsetGap hole in holes ?? [])
        {
            bool isKnown = Removed is not null || (_hasTransactions && hole.Last == hole.First);
            if (isKnown ? Removed is not null
                : probe is not null && await probe.HasRemovedAsync(partition, hole, cancellationToken))
            {
                Removed = new OffsetGap(
                    Math.Min(hole.First, Removed?.First ?? hole.First), Math.Max(hole.Last, Removed?.Last ?? 0));
            }
            else
            {
                _hasTransactions = true;
            }
        }
    }

    private void ThrowIfFailed(in Fetched fetched)
    {
        if (fetched.Kind == FetchedKind.Fault && fetched.Fault is { } fault)
        {
            throw KafkaFaults.Of(
                fault,
                $"{Name} can't be fetched at offset {NextOffset}",
                KafkaRight.OnTopic(AclOperation.Read, partition.Topic));
        }
    }

    private void ThrowIfSilent(bool mustEnd)
    {
        long nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        bool isSilent = time.GetElapsedTime(_opened) > SilenceMax
            && nowMs - Fetched.End.SeenMs > SilenceMax.TotalMilliseconds;
        if (isSilent || mustEnd)
        {
            string why = consumer.LastError is { } error ? " " + Sentence.End($"The client says: {error.Reason}") : "";
            throw new EventLogException(
                EventLogError.Unavailable,
                $"{Name}: Kafka at {options.BootstrapServers} does not answer.{why}");
        }
    }

    // Finds out why the offset is not in the log, and goes on where the options say.
    private async ValueTask GoOnAfterGapAsync(CancellationToken cancellationToken)
    {
        LogRange range = await log.GetRangeAsync(partition, cancellationToken);
        if (NextOffset > range.End)
        {
            throw new EventLogException(EventLogError.Replaced, $"{Name} ends at offset {range.End}, but "
                + $"everything before {NextOffset} has been read: the topic was truncated or made anew. State reflects "
                + "records that are no longer there; start with --rebuild to build it from what there is.");
        }

        if (NextOffset >= range.Start)
        {
            // An unclean election, as the leaders' epochs tell: whoever opens anew compares the last record.
            throw new EventLogException(
                EventLogError.Unavailable, $"{Name}: the log before {NextOffset} has changed, and is looked at.");
        }

        LostOffsets policy = options.LostOffsetsOf(partition.Topic);
        if (policy == LostOffsets.Fail)
        {
            throw new EventLogException(EventLogError.Corrupt, $"{Name}: the offsets {NextOffset} to "
                + $"{range.Start - 1} are no longer retained, and this topic is set to fail then. Restore them, or "
                + "choose earliest or latest.");
        }

        NextOffset = policy == LostOffsets.Latest ? range.End : range.Start;
        FetchedPartition old = Fetched;
        Fetched = new FetchedPartition(partition.Partition, NextOffset, options, probe is not null);
        Fetched.SeeEnd(old.End.Offset, old.End.SeenMs);
        consumer.Assign(Fetched, NextOffset);
    }
}
