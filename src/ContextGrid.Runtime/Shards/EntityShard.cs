using ContextGrid.Core.Entities;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Core.Model;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Diagnostics;

namespace ContextGrid.Runtime.Shards;

/// <summary>
/// The entities of one type in one shard, with one turn at a time: whoever has the gate owns the resident entities and
/// the list of changed ones. Turns are microseconds long and never wait for anything: what is not resident
/// and may be stored is looked up outside, and adopted in a turn of its own.
/// </summary>
/// <remarks>
/// An entity becomes passive only when a published checkpoint has its newest state. So when it is not resident in a
/// turn, the view of that moment has it, and what was read from a view is still true in a later turn as long as that
/// view is still the newest one.
/// </remarks>
/// <param name="plan">The plan of the type.</param>
/// <param name="number">The shard.</param>
/// <param name="typeHash">The hash of the type's name.</param>
/// <param name="stored">Where entities are that are not resident.</param>
/// <param name="memory">The account of resident entities.</param>
/// <param name="metrics">Counts activations.</param>
internal sealed class EntityShard(
    EntityPlan plan, int number, ulong typeHash, StoredEntities stored, ResidentMemory memory, GridMetrics metrics)
{
    private const int Nowhere = -1;
    private const int Unknown = -2;
    private const int Closed = -3;

    private int _hand;

    /// <summary>The plan of the type.</summary>
    internal EntityPlan Plan => plan;

    /// <summary>The shard.</summary>
    internal int Number => number;

    /// <summary>Whether this process owns the shard and has opened it; changed only under the gate.</summary>
    internal bool IsOpen { get; private set; }

    /// <summary>How many entities the shard had when it was opened.</summary>
    internal long AtStart { get; private set; }

    /// <summary>Taken for every use of the shard.</summary>
    internal Lock Gate { get; } = new();

    /// <summary>The slots of entities that changed since the last checkpoint.</summary>
    internal List<int> Changed { get; set; } = [];

    /// <summary>How many entities a checkpoint has taken that is not published yet.</summary>
    internal int Taken { get; set; }

    /// <summary>The resident entities; only under the gate.</summary>
    internal EntityMap Entities { get; private set; } = new();

    /// <summary>Entities that began here since the shard was opened; read without the gate it may be a moment
    /// old.</summary>
    internal long Begun { get; private set; }

    /// <summary>How many entities have state, in memory or stored.</summary>
    internal long Count => AtStart + Begun;

    /// <summary>Lets the shard be used. Takes the gate.</summary>
    /// <param name="entities">How many entities the checkpoint has that the shard is opened with.</param>
    internal void Open(long entities)
    {
        lock (Gate)
        {
            (IsOpen, AtStart, Begun) = (true, entities, 0);
        }
    }

    /// <summary>Forgets all entities; what was not written is lost. Never while a checkpoint is made. Takes the gate.
    /// </summary>
    internal void Close()
    {
        lock (Gate)
        {
            for (int slot = 0; slot < Entities.SlotCount; slot++)
            {
                memory.Add(-Entities[slot].Bytes);
            }

            (IsOpen, AtStart, Begun) = (false, 0, 0);
            (Entities, Changed, _hand) = (new EntityMap(), [], 0);
        }
    }

    /// <summary>Looks for an entity; only under the gate.</summary>
    /// <param name="key">The key.</param>
    /// <param name="hash">Its hash.</param>
    /// <param name="found">What a look-up has found, if there was one; it becomes resident here.</param>
    /// <param name="entity">The entity when it is resident; null: it exists nowhere.</param>
    internal TurnOutcome Find(ReadOnlySpan<byte> key, ulong hash, in StoredEntity found, out Entity? entity)
    {
        int slot = Locate(key, hash, found);
        entity = null;
        if (slot >= 0)
        {
            ref EntityMap.Slot entry = ref Entities[slot];
            entry.IsRecent = true;
            entity = entry.Entity;
        }

        return OutcomeOf(slot);
    }

    /// <summary>
    /// Applies an event, or notes that it can't be applied; takes the gate. Otherwise as <see cref="Find"/>, but an
    /// entity that exists nowhere begins.
    /// </summary>
    internal TurnOutcome Apply(
        ReadOnlySpan<byte> key,
        ulong hash,
        EventRecord record,
        bool isSkipped,
        in StoredEntity found,
        ApplyScratch scratch,
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

            outcome = slot < 0 ? ApplyOutcome.NotConsumed : Apply(slot, record, isSkipped, scratch);
            return OutcomeOf(slot);
        }
    }

    /// <summary>
    /// Moves the hand over some slots: what was not used since it last came by, and is in a published checkpoint as it
    /// is, becomes passive. Takes the gate.
    /// </summary>
    /// <param name="slots">At most so many.</param>
    /// <param name="published">The newest published checkpoint.</param>
    /// <param name="passed">How many slots the hand has passed.</param>
    /// <returns>How many became passive.</returns>
    internal int Passivate(int slots, int published, out int passed)
    {
        lock (Gate)
        {
            int passivated = 0, most = Math.Min(slots, Entities.SlotCount);
            passed = 0;

            // Where all are changed or being written, there is nothing to find.
            for (; passed < most && Entities.Count > Changed.Count + Taken && memory.IsOver; passed++)
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
        if (!IsOpen)
        {
            return Closed;
        }

        int slot = Entities.Find(key, hash);
        if (slot >= 0)
        {
            return slot;
        }

        SegmentView view = stored.View;
        if (!ReferenceEquals(view, found.View))
        {
            return view.MayHave(hash ^ typeHash, stored.ShardOf(key)) ? Unknown : Nowhere;
        }

        if (found.Entity is not { } entity)
        {
            return Nowhere;
        }

        metrics.Entities.CountActivated();
        return Add(found.Key.Key, hash, entity);
    }

    private static TurnOutcome OutcomeOf(int slot) => slot switch
    {
        Unknown => TurnOutcome.MayBeStored,
        Closed => TurnOutcome.Closed,
        _ => TurnOutcome.Done,
    };

    private ApplyOutcome Apply(int slot, EventRecord record, bool isSkipped, ApplyScratch scratch)
    {
        ref EntityMap.Slot entry = ref Entities[slot];
        Entity entity = entry.Entity!; // The slot is in use.
        entry.IsRecent = true;
        bool wasDirty = entity.IsDirty;
        ApplyOutcome outcome = isSkipped
            ? entity.Skip(record.Position) ? ApplyOutcome.Applied : ApplyOutcome.AlreadyApplied
            : entity.Apply(record, scratch);

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

/// <summary>What became of a turn.</summary>
internal enum TurnOutcome
{
    /// <summary>It was done.</summary>
    Done,

    /// <summary>The entity may be stored: look it up and call again.</summary>
    MayBeStored,

    /// <summary>The shard is not open on this process: nothing was done.</summary>
    Closed,
}
