using ContextGrid.Core.Entities;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Core.Snapshots;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Diagnostics;

namespace ContextGrid.Runtime.Shards;

/// <summary>
/// The entities that are not resident: they are in the segments of the newest checkpoint. Thread-safe.
/// </summary>
/// <param name="store">The checkpoints; null: there are none, and what is not resident exists nowhere.</param>
/// <param name="metrics">Counts look-ups.</param>
internal sealed class StoredEntities(CheckpointStore? store, GridMetrics metrics)
{
    /// <summary>The segments of the newest published checkpoint.</summary>
    internal SegmentView View => store?.View ?? SegmentView.Empty;

    /// <summary>The shard of a key.</summary>
    internal int ShardOf(ReadOnlySpan<byte> key) => ShardMap.ShardOf(key, store?.ShardCount ?? ShardMap.CountDefault);

    /// <summary>Looks an entity up in the newest view. Never under a gate.</summary>
    /// <param name="plan">The plan of its type.</param>
    /// <param name="key">The entity.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Where it was looked for, and the entity; null: it exists nowhere.</returns>
    /// <exception cref="CheckpointCorruptException">Its record is not what was written.</exception>
    /// <exception cref="SnapshotStoreException">The store can't be read.</exception>
    internal async ValueTask<StoredEntity> FindAsync(
        EntityPlan plan, StoredKey key, CancellationToken cancellationToken)
    {
        while (true)
        {
            SegmentView view = View;
            StoredRecord record = store is null
                ? StoredRecord.Nowhere
                : await store.FindAsync(view, key, cancellationToken);
            if (record.Outcome != StoredOutcome.Gone)
            {
                metrics.Entities.CountLookup(record.Outcome == StoredOutcome.Found);
                Entity? entity = record.Outcome == StoredOutcome.Found ? Restore(plan, record) : null;
                entity?.MeasureBytes();
                return new StoredEntity(view, key, entity);
            }

            // A merge has replaced the segment meanwhile; with the same view still in force it is lost.
            if (ReferenceEquals(view, View))
            {
                throw new CheckpointCorruptException(record.Blob, record.Offset, "the segment is missing");
            }
        }
    }

    private static Entity Restore(EntityPlan plan, in StoredRecord record)
    {
        try
        {
            return Entity.Restore(plan, record.Snapshot.Span);
        }
        catch (SnapshotFormatException e)
        {
            throw new CheckpointCorruptException(record.Blob, record.Offset, e.Message.TrimEnd('.'));
        }
    }
}

/// <summary>What a look-up has found.</summary>
/// <param name="View">Where it was looked for; null: there was no look-up.</param>
/// <param name="Key">The entity's name.</param>
/// <param name="Entity">The entity, the caller's until it is adopted; null: it exists nowhere.</param>
internal readonly record struct StoredEntity(SegmentView? View, StoredKey Key, Entity? Entity);
