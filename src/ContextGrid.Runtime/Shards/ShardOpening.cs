using System.Collections.Immutable;
using ContextGrid.Core.Definitions;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.Shards;

/// <summary>Opens shards that a process has adopted: works out how far each stands in each partition.</summary>
/// <param name="engine">Has the shards.</param>
/// <param name="definitions">The definitions.</param>
/// <param name="log">The log.</param>
/// <param name="time">The clock.</param>
internal sealed class ShardOpening(
    ShardEngine engine, DefinitionSet definitions, IEventLog log, TimeProvider time)
{
    /// <summary>The present end of each source partition, and when it was looked at.</summary>
    /// <exception cref="EventLogException">The log can't be asked.</exception>
    internal async ValueTask<LogEnd[]> EndsAsync(CancellationToken cancellationToken)
    {
        ImmutableArray<PartitionProgress> partitions = engine.Positions.Process;
        var ends = new LogEnd[partitions.Length];
        for (int p = 0; p < ends.Length; p++)
        {
            long nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
            ends[p] = new LogEnd((await log.GetRangeAsync(partitions[p].Partition, cancellationToken)).End, nowMs);
        }

        return ends;
    }

    /// <summary>Opens shards.</summary>
    /// <param name="adopted">The shards, and what their checkpoints say.</param>
    /// <param name="ends">The end of each partition, from <see cref="EndsAsync"/>.</param>
    /// <param name="atStart">Whether nothing was delivered yet.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    internal async ValueTask OpenAsync(
        ImmutableArray<AdoptedShard> adopted,
        LogEnd[] ends,
        bool atStart,
        CancellationToken cancellationToken)
    {
        ImmutableArray<PartitionProgress> partitions = engine.Positions.Process;
        foreach (IGrouping<(CheckpointContent, PositionKey, bool), AdoptedShard> group in adopted.GroupBy(
            s => (s.Base, new PositionKey(s.Next), s.IsLost)))
        {
            Dictionary<int, AdoptedShard> shards = group.ToDictionary(s => s.Shard);
            AdoptedShard any = group.First();
            Dictionary<TopicPartition, RecordMark> marks = RecordMark.Of(any.Base.Counters);
            var own = new PartitionProgress[partitions.Length];
            for (int p = 0; p < own.Length; p++)
            {
                // At the start the log was just asked about where the process stands.
                PartitionProgress process = partitions[p];
                long next = any.Next.GetValueOrDefault(process.Partition, process.StartOffset);
                own[p] = atStart && next == process.Next
                    ? process
                    : await ProgressAsync(process, any, ends[p], marks, cancellationToken);
            }

            engine.OpenShards(
                ShardSet.Of(shards.Keys),
                own,
                atStart,
                shard => shards[shard].Epoch,
                (shard, plan) => shards[shard].Entities.GetValueOrDefault(plan.Definition.Name));
        }
    }

    private async ValueTask<PartitionProgress> ProgressAsync(
        PartitionProgress like,
        AdoptedShard shard,
        LogEnd end,
        Dictionary<TopicPartition, RecordMark> marks,
        CancellationToken cancellationToken)
    {
        TopicPartition partition = like.Partition;
        SourceProgress? source = shard.Base.Sources.FirstOrDefault(
            s => s.Topic == partition.Topic && s.Partition == partition.Partition);
        bool hasBegun = shard.Base.Sources.Any(s => s.Topic == partition.Topic);
        EventDefinition definition = definitions.Events[definitions.EventOf(partition.Topic)];

        // What a partition has that was added later came after state began.
        long start = source is not null ? LogStart.Of(shard.Base.Counters, partition)
            : hasBegun && definition.Start == EventStart.Latest ? 0
            : like.StartOffset;
        long next = shard.Next.TryGetValue(partition, out long known) ? known : start;
        ImmutableArray<OffsetGap> gaps = source?.Gaps ?? [];
        foreach (OffsetGap gap in gaps)
        {
            like.DeclareGap(gap);
        }

        var own = new PartitionProgress(partition, like.Source, next, gaps)
        {
            RecoverTo = shard.IsLost ? end.Offset : 0,
            StartOffset = start,
            Mark = marks.TryGetValue(partition, out RecordMark mark) ? mark : null,
        };
        try
        {
            long sinceMs = await log.WaitingSinceAsync(partition, next, end.Offset, time, cancellationToken);
            own.SeeEnd(end.Offset, sinceMs);
            own.Verify(end.SeenMs);
        }
        catch (EventLogException)
        {
            // Nobody knows how long what waits has waited: as if for ever, until the log can be read.
            own.SeeEnd(end.Offset, 1);
            own.Verify(1);
        }

        return own;
    }

    /// <summary>Positions as a key.</summary>
    private readonly struct PositionKey(IReadOnlyDictionary<TopicPartition, long> next) : IEquatable<PositionKey>
    {
        private readonly IReadOnlyDictionary<TopicPartition, long> _next = next;

        public bool Equals(PositionKey other) => ReferenceEquals(_next, other._next)
            || (_next.Count == other._next.Count && IsSame(_next, other._next));

        public override bool Equals(object? obj) => obj is PositionKey other && Equals(other);

        private static bool IsSame(
            IReadOnlyDictionary<TopicPartition, long> a, IReadOnlyDictionary<TopicPartition, long> b) =>
            a.All(one => b.TryGetValue(one.Key, out long other) && other == one.Value);

        public override int GetHashCode() => HashCode.Combine(_next.Count, _next.Values.Sum());
    }
}
