using System.Collections.Immutable;

namespace ContextGrid.Runtime.Checkpoints;

/// <summary>
/// What becomes durable together with the changed entities, in one atomic step (I1). Everything here is the whole
/// truth, not a change to the checkpoint before.
/// </summary>
public sealed record CheckpointContent
{
    /// <summary>At most so many gaps of a source are kept: the newest.</summary>
    public const int GapsMax = 16;

    /// <summary>No sources, no definitions, no counters.</summary>
    public static CheckpointContent Empty { get; } = new();

    /// <summary>The progress of every source partition that has been read; at most 65,536.</summary>
    public ImmutableArray<SourceProgress> Sources { get; init; } = [];

    /// <summary>The shards of this owner. Their positions are those of <see cref="Sources"/>, shard by shard; a
    /// source's own next offset is the smallest of them.</summary>
    internal ImmutableArray<ShardContent> Shards { get; init; } = [];

    /// <summary>The version of the definitions that the state was built with.</summary>
    public long DefinitionVersion { get; init; }

    /// <summary>For each entity type, the hash of its definition.</summary>
    public ImmutableSortedDictionary<string, ulong> DefinitionHashes { get; init; } =
        ImmutableSortedDictionary.Create<string, ulong>(StringComparer.Ordinal);

    /// <summary>Counters that survive a restart, by name.</summary>
    public ImmutableSortedDictionary<string, long> Counters { get; init; } =
        ImmutableSortedDictionary.Create<string, long>(StringComparer.Ordinal);
}

/// <summary>What a manifest says of one shard.</summary>
/// <param name="Shard">From 0.</param>
/// <param name="Epoch">The epoch of its ownership.</param>
/// <param name="Next">The next offset of each source partition, in the order of
/// <see cref="CheckpointContent.Sources"/>; shards that stand at the same positions share one array.</param>
/// <param name="Entities">How many entities each type has in the shard, in the order of
/// <see cref="CheckpointContent.DefinitionHashes"/>.</param>
internal sealed record ShardContent(
    int Shard, long Epoch, ImmutableArray<long> Next, ImmutableArray<long> Entities);

/// <summary>How far a source partition is reflected.</summary>
/// <param name="Topic">The topic's name.</param>
/// <param name="Partition">From 0.</param>
/// <param name="NextOffset">The commit position: the next offset to read.</param>
/// <param name="Gaps">Declared gaps, oldest first; of more than <see cref="CheckpointContent.GapsMax"/> the newest are
/// kept.</param>
public sealed record SourceProgress(string Topic, int Partition, long NextOffset, ImmutableArray<OffsetGap> Gaps);

/// <summary>Offsets that the log no longer had when they were wanted (I8).</summary>
/// <param name="First">The first lost offset.</param>
/// <param name="Last">The last lost offset.</param>
public readonly record struct OffsetGap(long First, long Last);
