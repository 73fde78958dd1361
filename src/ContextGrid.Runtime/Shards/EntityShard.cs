using ContextGrid.Core.Entities;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Core.Model;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Diagnostics;

namespace ContextGrid.Runtime.Shards;

/// <summary>
/// A part of one type's entities, with one turn at a time: whoever has the gate owns the resident entities, their
/// scratch and the list of changed ones. Turns are microseconds long and never wait for anything: what is not resident
/// and may be stored is looked up outside, and adopted in a turn of its own.
/// </summary>
/// <remarks>
/// An entity becomes passive only when a published checkpoint has its newest state. So when it is not resident in a
/// turn, the view of that moment has it, and what was read from a view is still true in a later turn as long as that
/// view is still the newest one.
/// </remarks>
/// <param name="plan">The plan of the type.</param>
/// <param name="typeHash">The hash of the type's name.</param>
/// <param name="stored">Where entities are that are not resident.</param>
/// <param name="memory">The account of resident entities.</param>
/// <param name="metrics">Counts activations.</param>
internal sealed class EntityShard(
    EntityPlan plan, ulong typeHash, StoredEntities stored, ResidentMemory memory, GridMetrics metrics)
{
    private const int Nowhere = -1;
    private const int Unknown = -2;

    private int _hand;

    /// <summary>The plan of the type.</summary>
    internal EntityPlan Plan => plan;

    /// <summary>Taken for every use of the shard.</summary>
    internal Lock Gate { get; } = new();

    /// <summary>The slots of entities that changed since the last checkpoint.</summary>
    internal List<int> Changed { get; set; } = [];

    /// <summary>How many entities a checkpoint has taken that is not published yet.</summary>
    internal int Taken { get; set; }

    /// <summary>Scratch of whoever has the gate.</summary>
    internal ApplyScratch Scratch { get; } = new(plan);

    /// <summary>The resident entities; only under the gate.</summary>
    internal EntityMap Entities { get; } = new();

    /// <summary>Entities that began here since the start; read without the gate it may be a moment old.</summary>
    internal long Begun { get; private set; }

    /// <summary>Looks for an entity; only under the gate.</summary>
    /// <param name="key">The key.</param>
    /// <param name="hash">Its hash.</param>
    /// <param name="found">What a look-up has found, if there was one; it becomes resident here.</param>
    /// <param name="entity">The entity when it is resident; null: it exists nowhere.</param>
    /// <returns>False: it may be stored; look it up and call again.</returns>
    internal bool TryFind(ReadOnlySpan<byte> key, ulong hash, in StoredEntity found, out Entity? entity)
    {
        int slot = Locate(key, hash, found);
        entity = null;
        if (slot >= 0)
        {
            ref EntityMap.Slot entry = ref Entities[slot];
            entry.IsRecent = true;
            entity = entry.Entity;
        }

        return slot != Unknown;
    }

    /// <summary>
    /// Applies an event, or notes that it can't be applied; takes the gate. Otherwise as <see cref="TryFind"/>, but an
    /// entity that exists nowhere begins.
    /// </summary>
    internal bool TryApply(
        ReadOnlySpan<byte> key,
        ulong hash,
        EventRecord record,
        bool isSkipped,
        in StoredEntity found,
        out ApplyOutcome outcome)
    {
        lock (Gate)
        {
            int slot = Locate(key, hash, found);
            if (slot == Nowhere)
            {
                slot = Add(key.ToArray(), hash, new Entity(plan));
                Begun++;
            }

            outcome = slot == Unknown ? ApplyOutcome.NotConsumed : Apply(slot, record, isSkipped);
            return slot != Unknown;
        }
    }

    /// <summary>
    /// Moves the hand over some slots: what was not used since it last came by, and is in a published checkpoint as it
    /// is, becomes passive. Takes the gate.
    /// </summary>
    /// <param name="slots">At most so many.</param>
    /// <param name="published">The newest published checkpoint.</param>
    /// <returns>How many became passive.</returns>
    internal int Passivate(int slots, int published)
    {
        lock (Gate)
        {
            int passivated = 0, most = Math.Min(slots, Entities.SlotCount);

            // Where all are changed or being written, there is nothing to find.
            for (int i = 0; i < most && Entities.Count > Changed.Count + Taken && memory.IsOver; i++)
            {
                _hand = _hand + 1 < Entities.SlotCount ? _hand + 1 : 0;
                ref EntityMap.Slot slot = ref Entities[_hand];
                if (slot.IsRecent)
                {
                    slot.IsRecent = false;
                }
                else if (slot.Entity is { IsDirty: false } && slot.SavedIn <= published)
                {
                    memory.Add(-slot.Bytes);
                    Entities.Remove(_hand);
                    passivated++;
                }
            }

            return passivated;
        }
    }

    /// <summary>Brings the account of a slot's memory up to date; only under the gate.</summary>
    internal void Account(int slot)
    {
        ref EntityMap.Slot entry = ref Entities[slot];
        long heap = entry.Entity!.HeapBytes; // The slot is in use.
        int bytes = EntityMap.BytesOf(entry.Key) + (int)Math.Min(heap, int.MaxValue / 2);
        if (bytes != entry.Bytes)
        {
            memory.Add(bytes - entry.Bytes);
            entry.Bytes = bytes;
        }
    }

    // What was read from a view is true as long as that view is the newest one: see the remarks above.
    private int Locate(ReadOnlySpan<byte> key, ulong hash, in StoredEntity found)
    {
        int slot = Entities.Find(key, hash);
        if (slot >= 0)
        {
            return slot;
        }

        SegmentView view = stored.View;
        if (!ReferenceEquals(view, found.View))
        {
            return view.MayHave(hash ^ typeHash) ? Unknown : Nowhere;
        }

        if (found.Entity is not { } entity)
        {
            return Nowhere;
        }

        metrics.Entities.CountActivated();
        return Add(found.Key.Key, hash, entity);
    }

    private ApplyOutcome Apply(int slot, EventRecord record, bool isSkipped)
    {
        ref EntityMap.Slot entry = ref Entities[slot];
        Entity entity = entry.Entity!; // The slot is in use.
        entry.IsRecent = true;
        bool wasDirty = entity.IsDirty;
        ApplyOutcome outcome = isSkipped
            ? entity.Skip(record.Position) ? ApplyOutcome.Applied : ApplyOutcome.AlreadyApplied
            : entity.Apply(record, Scratch);

        if (!wasDirty && entity.IsDirty)
        {
            Changed.Add(slot);
        }

        Account(slot);
        return outcome;
    }

    private int Add(byte[] key, ulong hash, Entity entity)
    {
        int slot = Entities.Add(key, hash, entity);
        Account(slot);
        return slot;
    }
}
