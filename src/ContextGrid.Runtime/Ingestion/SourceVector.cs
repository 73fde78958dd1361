using System.Collections.Immutable;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Core.Model;
using ContextGrid.Core.Snapshots;
using ContextGrid.Runtime.Queries;
using ContextGrid.Runtime.Shards;

namespace ContextGrid.Runtime.Ingestion;

/// <summary>
/// How far each source partition was applied at one moment; as bytes, the resume token of a watch. Immutable.
/// </summary>
public sealed class SourceVector
{
    private const byte Version = 1;
    private const int PartitionsMax = 100_000;

    private readonly ImmutableDictionary<TopicPartition, long> _last;

    private SourceVector(ImmutableDictionary<TopicPartition, long> last) => _last = last;

    /// <summary>Before every event.</summary>
    public static SourceVector Start { get; } = new(ImmutableDictionary<TopicPartition, long>.Empty);

    /// <summary>The present positions.</summary>
    public static SourceVector Of(ImmutableArray<PartitionProgress> progress) =>
        new(progress.ToImmutableDictionary(p => p.Partition, p => p.Next - 1));

    /// <summary>What all open shards of a process have applied.</summary>
    internal static SourceVector Of(ShardPositions positions, ContextQuery? query = null)
    {
        ShardSet shards = positions.Open;
        shards = query is null ? shards : shards.Intersect(positions.ShardsOf(query));
        var last = ImmutableDictionary.CreateBuilder<TopicPartition, long>();
        for (int p = 0; p < positions.Process.Length; p++)
        {
            long next = positions.InStep(p).Next;
            foreach (int shard in positions.HasBehind ? shards.Shards() : [])
            {
                next = Math.Min(next, positions.OwnOf(shard, p)?.Next ?? next);
            }

            last[positions.Process[p].Partition] = next - 1;
        }

        return new SourceVector(last.ToImmutable());
    }

    /// <summary>The earlier of both for each partition that both have; the other partitions of either.</summary>
    internal SourceVector Earliest(SourceVector other)
    {
        ImmutableDictionary<TopicPartition, long>.Builder last = _last.ToBuilder();
        foreach ((TopicPartition partition, long offset) in other._last)
        {
            last[partition] = last.TryGetValue(partition, out long mine) ? Math.Min(offset, mine) : offset;
        }

        return new SourceVector(last.ToImmutable());
    }

    /// <summary>Whether any of an entity's applied positions is after this.</summary>
    /// <param name="plan">The plan that counts the positions' topics.</param>
    /// <param name="applied">The entity's positions.</param>
    public bool IsBefore(EntityPlan plan, ReadOnlySpan<Position> applied)
    {
        foreach (Position position in applied)
        {
            var partition = new TopicPartition(plan.Topics[position.TopicIndex], position.Partition);
            if (position.Offset > _last.GetValueOrDefault(partition, -1))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether both are the same moment.</summary>
    public bool Matches(SourceVector other) =>
        _last.Count == other._last.Count && _last.All(p => other._last.GetValueOrDefault(p.Key, -1) == p.Value);

    /// <summary>The later of both for each partition.</summary>
    public SourceVector Latest(SourceVector other)
    {
        ImmutableDictionary<TopicPartition, long>.Builder last = _last.ToBuilder();
        foreach ((TopicPartition partition, long offset) in other._last)
        {
            last[partition] = Math.Max(offset, last.GetValueOrDefault(partition, -1));
        }

        return new SourceVector(last.ToImmutable());
    }

    /// <summary>The bytes: a version, then for each partition topic, partition and last offset.</summary>
    public byte[] ToBytes()
    {
        var writer = new SnapshotWriter();
        writer.Byte(Version);
        foreach ((TopicPartition partition, long last) in _last)
        {
            writer.Text(partition.Topic);
            writer.Varint((ulong)partition.Partition);
            writer.Zigzag(last);
        }

        return writer.Written.ToArray();
    }

    /// <summary>Reads what <see cref="ToBytes"/> wrote.</summary>
    /// <exception cref="SnapshotFormatException">The bytes are something else.</exception>
    public static SourceVector FromBytes(ReadOnlySpan<byte> bytes)
    {
        var reader = new SnapshotReader(bytes);
        if (reader.Byte() != Version)
        {
            throw new SnapshotFormatException("The token is of another version.");
        }

        var last = ImmutableDictionary.CreateBuilder<TopicPartition, long>();
        while (reader.Remaining > 0 && last.Count < PartitionsMax)
        {
            string topic = reader.Text();
            last[new TopicPartition(topic, reader.Count(ushort.MaxValue))] = reader.Zigzag();
        }

        return new SourceVector(last.ToImmutable());
    }
}
