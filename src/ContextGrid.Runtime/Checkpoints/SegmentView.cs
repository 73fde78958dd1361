using System.Collections.Immutable;

namespace ContextGrid.Runtime.Checkpoints;

/// <summary>
/// The live segments of one manifest, for look-ups of single entities. Immutable: a publish puts another view in its
/// place, so whoever holds one has one checkpoint, and its segments stay until two more have been published.
/// </summary>
/// <param name="segments">The live segments, newest last.</param>
internal sealed class SegmentView(ImmutableArray<SegmentIndex> segments)
{
    /// <summary>No segments.</summary>
    internal static SegmentView Empty { get; } = new([]);

    /// <summary>The live segments, newest last.</summary>
    internal ImmutableArray<SegmentIndex> Segments => segments;

    /// <summary>The memory that look-ups take: filters and tops of indexes.</summary>
    internal long Bytes { get; } = segments.DistinctBy(s => s.Info.Name).Sum(s => s.Bytes);

    /// <summary>False: no segment has an entity with this hash. Needs no read.</summary>
    /// <param name="hash">As <see cref="SegmentFormat.HashOf"/>.</param>
    /// <param name="shard">The entity's shard: segments that do not count for it are passed over.</param>
    internal bool MayHave(ulong hash, int shard)
    {
        foreach (SegmentIndex segment in segments)
        {
            if (segment.Info.Shards.Contains(shard) && segment.MayHave(hash))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Looks an entity up: its newest record counts, and a deletion ends the search.</summary>
    /// <exception cref="CheckpointCorruptException">Names the blob and the offset.</exception>
    /// <exception cref="SnapshotStoreException">The store can't be read.</exception>
    internal async ValueTask<StoredRecord> FindAsync(
        ISnapshotStore store, StoredKey key, CancellationToken cancellationToken)
    {
        for (int i = segments.Length - 1; i >= 0; i--)
        {
            if (segments[i].Info.Shards.Contains(key.Shard) && segments[i].MayHave(key.Hash))
            {
                StoredRecord found = await segments[i].FindAsync(store, key, cancellationToken);
                if (found.Outcome != StoredOutcome.Nowhere)
                {
                    return found;
                }
            }
        }

        return StoredRecord.Nowhere;
    }
}
