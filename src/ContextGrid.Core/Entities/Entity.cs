using ContextGrid.Core.Features;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Core.Model;
using ContextGrid.Core.Snapshots;

namespace ContextGrid.Core.Entities;

/// <summary>
/// One entity: the state that its events leave behind, and the only code that changes it. Live ingestion, replay and
/// reads of the past all come through <see cref="Apply"/>. Pure and synchronous; owned by one thread at a time.
/// </summary>
/// <remarks>
/// The state is a function of the set of events applied and their positions, not of how sources interleave.
/// </remarks>
public sealed class Entity
{
    private readonly EventState?[] _events;
    private Position[] _applied = [];

    /// <summary>Creates an entity that has seen nothing.</summary>
    public Entity(EntityPlan plan)
    {
        Plan = plan;
        _events = new EventState?[plan.Events.Length];
    }

    /// <summary>The plan of the entity's type.</summary>
    public EntityPlan Plan { get; }

    /// <summary>
    /// The newest event time, milliseconds since the Unix epoch; <see cref="long.MinValue"/>: no event yet.
    /// </summary>
    public long NewestMs { get; private set; } = long.MinValue;

    /// <summary>
    /// The earliest head at which the state can be read: the newest event time, or as far before it as the type's
    /// events may be ahead of the clock. <see cref="long.MinValue"/>: no event yet.
    /// </summary>
    public long HeadMsMin => NewestMs == long.MinValue ? long.MinValue : NewestMs - Plan.AheadMs;

    /// <summary>
    /// By source, ascending: the position of the last event applied or skipped. Topics count by the plan's list.
    /// </summary>
    public ReadOnlySpan<Position> Applied => _applied;

    /// <summary>How many events of this entity could not be applied and are among the dead letters.</summary>
    public long SkippedEvents { get; private set; }

    /// <summary>
    /// An estimate of the memory, bytes: rows as they are, accumulators as they were at <see cref="MeasureBytes"/>.
    /// </summary>
    public long HeapBytes =>
        Plan.EmptyBytes + (16L * _applied.Length) + EventState.HeapBytesOf(_events);

    /// <summary>Whether the state changed since <see cref="MarkClean"/>.</summary>
    public bool IsDirty { get; private set; }

    /// <summary>Says that the present state did not become durable after all.</summary>
    public void MarkDirty() => IsDirty = true;

    /// <summary>Says that the present state is on its way to durable storage.</summary>
    public void MarkClean() => IsDirty = false;

    /// <summary>
    /// Applies one event. Allocates nothing in steady state.
    /// </summary>
    /// <param name="record">The event; only read during the call.</param>
    /// <param name="scratch">Scratch of this entity's plan, used by one thread at a time.</param>
    public ApplyOutcome Apply(EventRecord record, ApplyScratch scratch)
    {
        int index = Plan.EventPlanOf(record.EventIndex);
        if (index < 0)
        {
            return ApplyOutcome.NotConsumed;
        }

        Position position = Plan.Localize(record.Position);
        if (!Advance(position))
        {
            return ApplyOutcome.AlreadyApplied;
        }

        EventPlan plan = Plan.Events[index];
        EventState state = _events[index] ??= new EventState(plan);
        long before = HeadMsMin;
        NewestMs = Math.Max(NewestMs, record.EventTimeMs);
        long headMs = HeadMsMin;
        if (plan.SettleMs > 0 && before != long.MinValue && before != headMs
            && TimeMath.FloorDiv(before, plan.SettleMs) != TimeMath.FloorDiv(headMs, plan.SettleMs))
        {
            state.Settle(headMs, scratch);
        }

        if (Plan.AheadMs > 0 && before != headMs)
        {
            Admit(headMs, scratch);
        }

        scratch.Texts.Reset();
        Evaluate(plan, record.Fields, scratch);
        var row = new EventRow(record.EventTimeMs, position, scratch.Columns);
        bool late = state.Apply(row, scratch.Predicates.AsSpan(0, plan.PredicateBytes), headMs, scratch);
        return late && NewestMs - record.EventTimeMs > Plan.Definition.AllowedLatenessMs
            ? ApplyOutcome.AppliedLate
            : ApplyOutcome.Applied;
    }

    /// <summary>
    /// Notes that an event of this entity can't be applied and is kept among the dead letters, so that answers say so.
    /// </summary>
    /// <returns>False when the position was passed before: nothing changed.</returns>
    public bool Skip(Position position)
    {
        if (!Advance(Plan.Localize(position)))
        {
            return false;
        }

        SkippedEvents++;
        return true;
    }

    /// <summary>
    /// Writes the state in canonical form with a checksum; docs/STORAGE.md describes every byte. Equal sets of events
    /// give equal bytes.
    /// </summary>
    public void Snapshot(SnapshotWriter writer, ApplyScratch scratch)
    {
        foreach (EventState? state in _events)
        {
            state?.Settle(HeadMsMin, scratch);
        }

        EntitySnapshot.Write(this, _events, writer);
    }

    /// <summary>Makes an entity from a snapshot of any supported version.</summary>
    /// <exception cref="SnapshotFormatException">The bytes are damaged, or not a snapshot of this plan.</exception>
    public static Entity Restore(EntityPlan plan, ReadOnlySpan<byte> snapshot)
    {
        var entity = new Entity(plan);
        EntitySnapshot.Header header = EntitySnapshot.Read(plan, snapshot, entity._events);
        entity.NewestMs = header.NewestMs;
        entity.SkippedEvents = header.SkippedEvents;
        entity._applied = header.Applied;
        return entity;
    }

    /// <summary>Checks what a snapshot says without its definitions: its checksum and its version.</summary>
    /// <exception cref="SnapshotFormatException">The bytes are damaged, or of a newer version.</exception>
    public static void CheckSnapshot(ReadOnlySpan<byte> snapshot) => EntitySnapshot.Open(snapshot);

    /// <summary>Looks at all accumulators for <see cref="HeapBytes"/>; about as long as a snapshot takes.</summary>
    public void MeasureBytes() => Array.ForEach(_events, static e => e?.MeasureBytes());

    internal EventState? StateOf(int eventPlan) => _events[eventPlan];

    /// <summary>The newest event time that is not after a head; <see cref="long.MinValue"/>: there is none.</summary>
    internal long NewestUpTo(long headMs)
    {
        if (NewestMs <= headMs)
        {
            return NewestMs;
        }

        long newest = long.MinValue;
        foreach (EventState? state in _events)
        {
            newest = Math.Max(newest, state?.NewestUpTo(0, headMs) ?? long.MinValue);
        }

        return newest;
    }

    // The waiting events of all kinds, up to the earliest head.
    private void Admit(long headMs, ApplyScratch scratch)
    {
        foreach (EventState? state in _events)
        {
            state?.Admit(headMs, scratch);
        }
    }

    // I2: an event counts only when its offset is greater than the applied offset of its source.
    private bool Advance(Position position)
    {
        int at = 0;
        while (at < _applied.Length && _applied[at].Source < position.Source)
        {
            at++;
        }

        if (at < _applied.Length && _applied[at].Source == position.Source)
        {
            if (position.Offset <= _applied[at].Offset)
            {
                return false;
            }
        }
        else
        {
            var larger = new Position[_applied.Length + 1];
            _applied.AsSpan(0, at).CopyTo(larger);
            _applied.AsSpan(at).CopyTo(larger.AsSpan(at + 1));
            _applied = larger;
        }

        _applied[at] = position;
        IsDirty = true;
        return true;
    }

    private static void Evaluate(EventPlan plan, ReadOnlySpan<Value> fields, ApplyScratch scratch)
    {
        for (int i = 0; i < plan.Columns.Length; i++)
        {
            scratch.Columns[i] = KeptText.Of(plan.Columns[i].Evaluate(fields, scratch.Texts), scratch.Texts);
        }

        Array.Clear(scratch.Predicates);
        for (int i = 0; i < plan.Predicates.Length; i++)
        {
            bool holds = plan.Predicates[i] is not { } condition || IsTrue(condition.Evaluate(fields, scratch.Texts));
            scratch.Predicates[i >> 3] |= holds ? (byte)(1 << (i & 7)) : (byte)0;
        }
    }

    private static bool IsTrue(in Value value) => value.Kind == ValueKind.Bool && value.Bool;
}
