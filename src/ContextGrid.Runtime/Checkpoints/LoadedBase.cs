using System.Collections.Immutable;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Shards;

namespace ContextGrid.Runtime.Checkpoints;

/// <summary>A checkpoint from which shards are adopted, with its segments open.</summary>
/// <param name="Manifest">The checkpoint; empty: the shards begin with nothing.</param>
/// <param name="Shards">The shards that are adopted.</param>
/// <param name="Segments">Those of its segments that count for them, ready for look-ups.</param>
internal sealed record LoadedBase(
    CheckpointManifest Manifest, ShardSet Shards, ImmutableArray<SegmentIndex> Segments)
{
    /// <summary>Reads a checkpoint and opens its segments.</summary>
    /// <exception cref="CheckpointCorruptException">It can't be used; names the blob.</exception>
    /// <exception cref="SnapshotStoreException">The store can't be read.</exception>
    public static async ValueTask<LoadedBase> ReadAsync(
        ISnapshotStore store, ShardBase from, ShardSet shards, CancellationToken cancellationToken)
    {
        if (from.Lineage == 0)
        {
            return new LoadedBase(CheckpointManifest.Empty, shards, []);
        }

        string name = CheckpointManifest.NameOf(from.Lineage, from.Generation);
        CheckpointManifest manifest = await LineageState.ReadAsync(store, name, cancellationToken)
            ?? throw new CheckpointCorruptException(name, 0, "the manifest is missing");
        foreach (int shard in shards.Shards())
        {
            if (manifest.Of(shard) is null)
            {
                throw new CheckpointCorruptException(name, 0, $"the manifest does not name shard {shard}");
            }
        }

        return new LoadedBase(
            manifest, shards, await LineageState.OpenAsync(store, manifest, shards, cancellationToken));
    }

    /// <summary>The entries of the manifest that count for the adopted shards, and for those only.</summary>
    public IEnumerable<SegmentInfo> Entries => Manifest.Segments
        .Select(s => s with { Shards = s.Shards.Intersect(Shards) })
        .Where(s => !s.Shards.IsEmpty);

    /// <summary>What the manifest says of the adopted shards.</summary>
    /// <param name="ownershipOf">The ownership of a shard from now on.</param>
    public IEnumerable<AdoptedShard> Adopted(Func<int, ShardRecord> ownershipOf)
    {
        CheckpointContent content = Manifest.Content;
        string[] types = [.. content.DefinitionHashes.Keys];
        var known = new Dictionary<ImmutableArray<long>, IReadOnlyDictionary<TopicPartition, long>>();
        foreach (int shard in Shards.Shards())
        {
            ShardContent of = Manifest.Of(shard) ?? new ShardContent(shard, 0, [], []);
            if (!known.TryGetValue(of.Next, out IReadOnlyDictionary<TopicPartition, long>? next))
            {
                known[of.Next] = next = content.Sources.Zip(of.Next).Where(s => s.Second >= 0).ToDictionary(
                    s => new TopicPartition(s.First.Topic, s.First.Partition), s => s.Second);
            }

            ShardRecord ownership = ownershipOf(shard);
            yield return new AdoptedShard(
                shard,
                ownership.Epoch,
                ownership.IsLost,
                next,
                types.Zip(of.Entities).ToDictionary(e => e.First, e => e.Second, StringComparer.Ordinal),
                content);
        }
    }
}

/// <summary>A shard that has been taken into a checkpoint store.</summary>
/// <param name="Shard">From 0.</param>
/// <param name="Epoch">The epoch of its ownership.</param>
/// <param name="IsLost">Whether answers may have reflected more than it has: it is rebuilding up to the present end.
/// </param>
/// <param name="Next">The next offset of each source partition that has begun for the shard.</param>
/// <param name="Entities">How many entities each type has.</param>
/// <param name="Base">The content of the checkpoint that it comes from: gaps, counters, definitions. Empty: the shard
/// begins with nothing.</param>
internal sealed record AdoptedShard(
    int Shard,
    long Epoch,
    bool IsLost,
    IReadOnlyDictionary<TopicPartition, long> Next,
    IReadOnlyDictionary<string, long> Entities,
    CheckpointContent Base);
