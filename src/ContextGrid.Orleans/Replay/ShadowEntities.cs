using ContextGrid.Core.Entities;
using ContextGrid.Orleans.Entities;
using ContextGrid.Orleans.Storage;
using ContextGrid.Orleans.Wire;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Shards;

namespace ContextGrid.Orleans.Replay;

/// <summary>
/// The entities of a shadow version that a replay has in memory: brought in with their events, written by checkpoints,
/// let go when they are too many. When anything fails they are of no use any more. One caller at a time.
/// </summary>
/// <param name="work">The entity type.</param>
/// <param name="store">Where they are durable.</param>
/// <param name="kind">The shadow version.</param>
/// <param name="bytesMax">Their memory.</param>
internal sealed class ShadowEntities(EntityWork work, ShadowStore store, string kind, long bytesMax)
{
    // Of a call to a shard: small enough that writes of live entities do not wait for long.
    private const int WritesMax = 500;
    private const int WriteBytesMax = 2 << 20;

    // The slot, its place in the dictionary and the name's array, about.
    private const int SlotBytes = 160;

    private readonly Dictionary<byte[], Slot> _slots = new(Utf8KeyComparer.Instance);
    private long _bytes;

    /// <summary>Whether they must become durable before more are brought in.</summary>
    internal bool IsFull => _bytes > bytesMax;

    /// <summary>Brings entities into memory; those that there are not begin.</summary>
    internal async ValueTask LoadAsync(IEnumerable<byte[]> names)
    {
        byte[][] missing = [.. names.Where(n => !_slots.ContainsKey(n))];
        ShardState[] states = await store.ReadAsync(kind, missing);
        for (int i = 0; i < missing.Length; i++)
        {
            Entity entity = store.Restore(work.Plan, states[i]) ?? new Entity(work.Plan);
            _slots[missing[i]] = new Slot(entity, states[i].Version);
            _bytes += SlotBytes + missing[i].Length;
        }
    }

    /// <summary>Applies events to an entity that is in memory.</summary>
    internal void Apply(byte[] name, EventBlock events)
    {
        Slot slot = _slots[name];
        work.Apply(slot.Entity, events, out _);
        Measure(slot);
    }

    /// <summary>Makes all changes durable.</summary>
    internal async ValueTask WriteAsync(CancellationToken cancellationToken)
    {
        var changed = _slots.Where(s => s.Value.Entity.IsDirty)
            .GroupBy(s => SnapshotGrainStorage.NumberOf(s.Key));
        foreach (IGrouping<int, KeyValuePair<byte[], Slot>> shard in changed)
        {
            var writes = new List<ShardWrite>();
            var slots = new List<Slot>();
            int bytes = 0;
            foreach ((byte[] name, Slot slot) in shard)
            {
                ShardWrite write = new(kind, name, store.ContentOf(work, slot.Entity), slot.Version);
                writes.Add(write);
                slots.Add(slot);
                bytes += write.Content.Length;
                if (writes.Count >= WritesMax || bytes >= WriteBytesMax)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    await WriteAsync(shard.Key, writes, slots);
                    bytes = 0;
                }
            }

            await WriteAsync(shard.Key, writes, slots);
        }

        if (IsFull)
        {
            _slots.Clear();
            _bytes = 0;
        }
    }

    private async ValueTask WriteAsync(int shard, List<ShardWrite> writes, List<Slot> slots)
    {
        if (writes.Count == 0)
        {
            return;
        }

        long[] versions = await store.WriteAsync(shard, writes);
        for (int i = 0; i < versions.Length; i++)
        {
            slots[i].Version = versions[i];
            slots[i].Entity.MarkClean();
            slots[i].Entity.MeasureBytes();
            Measure(slots[i]);
        }

        writes.Clear();
        slots.Clear();
    }

    private void Measure(Slot slot)
    {
        _bytes += slot.Entity.HeapBytes - slot.Bytes;
        slot.Bytes = slot.Entity.HeapBytes;
    }

    private sealed class Slot(Entity entity, long version)
    {
        internal Entity Entity { get; } = entity;

        internal long Version { get; set; } = version;

        internal long Bytes { get; set; }
    }
}
