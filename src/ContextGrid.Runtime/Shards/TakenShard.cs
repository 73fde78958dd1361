namespace ContextGrid.Runtime.Shards;

/// <summary>
/// What one checkpoint has taken from a shard. Owned by the checkpoint. Until it is published the shard keeps these
/// entities resident, since nothing durable has their newest state.
/// </summary>
internal sealed class TakenShard
{
    private TakenShard(EntityTable table, EntityShard shard) =>
        (Table, Shard, Slots) = (table, shard, shard.Changed);

    /// <summary>All entities of the type.</summary>
    internal EntityTable Table { get; }

    /// <summary>Where the entities live.</summary>
    internal EntityShard Shard { get; }

    /// <summary>The slots of the entities that had changed.</summary>
    internal List<int> Slots { get; }

    /// <summary>How many of the taken, from the first on, are in the checkpoint and marked clean.</summary>
    internal int Written { get; set; }

    /// <summary>Takes the list of changed entities; the shard begins a new one.</summary>
    /// <param name="table">All entities of the type.</param>
    /// <param name="shard">The shard.</param>
    /// <param name="entities">How many entities the shard has; all of them are stored or taken.</param>
    /// <returns>Null: none has changed.</returns>
    internal static TakenShard? Take(EntityTable table, EntityShard shard, out long entities)
    {
        lock (shard.Gate)
        {
            entities = shard.Count;
            if (shard.Changed.Count == 0)
            {
                return null;
            }

            var taken = new TakenShard(table, shard);
            shard.Changed = [];
            shard.Taken = taken.Slots.Count;
            return taken;
        }
    }

    /// <summary>Lets the shard make them passive: the checkpoint is published.</summary>
    internal void Release()
    {
        lock (Shard.Gate)
        {
            Shard.Taken = 0;
        }
    }

    /// <summary>Puts all on the shard's list again, since the checkpoint did not become durable.</summary>
    internal void GiveBack()
    {
        lock (Shard.Gate)
        {
            Shard.Taken = 0;
            for (int i = 0; i < Slots.Count; i++)
            {
                // One that was not written is still marked as changed, but on no list; one that was written is on the
                // list again only when it has changed since.
                ref EntityMap.Slot entry = ref Shard.Entities[Slots[i]];
                if (i >= Written || !entry.Entity!.IsDirty) // Taken entities stay resident.
                {
                    entry.Entity!.MarkDirty(); // As above.
                    Shard.Changed.Add(Slots[i]);
                }
            }
        }
    }
}
