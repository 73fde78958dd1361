using ContextGrid.Core.Entities;

namespace ContextGrid.Runtime.Embedded;

/// <summary>What one checkpoint has taken from a shard. Owned by the checkpoint.</summary>
internal sealed class TakenShard
{
    private TakenShard(EntityShard shard, List<KeyValuePair<byte[], Entity>> entities) =>
        (Shard, Entities) = (shard, entities);

    /// <summary>Where the entities live.</summary>
    internal EntityShard Shard { get; }

    /// <summary>The entities that had changed.</summary>
    internal List<KeyValuePair<byte[], Entity>> Entities { get; }

    /// <summary>How many of them, from the first on, are in the checkpoint and marked clean.</summary>
    internal int Written { get; set; }

    /// <summary>Takes the list of changed entities; the shard begins a new one.</summary>
    internal static TakenShard Take(EntityShard shard)
    {
        lock (shard.Gate)
        {
            var taken = new TakenShard(shard, shard.Changed);
            shard.Changed = [];
            return taken;
        }
    }

    /// <summary>Puts all on the shard's list again, since the checkpoint did not become durable.</summary>
    internal void GiveBack()
    {
        lock (Shard.Gate)
        {
            for (int i = 0; i < Entities.Count; i++)
            {
                // One that was not written is still marked as changed, but on no list; one that was written is on the
                // list again only when it has changed since.
                KeyValuePair<byte[], Entity> entry = Entities[i];
                if (i >= Written || !entry.Value.IsDirty)
                {
                    entry.Value.MarkDirty();
                    Shard.Changed.Add(entry);
                }
            }
        }
    }
}
