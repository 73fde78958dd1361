using ContextGrid.Core.Definitions;
using ContextGrid.Core.Entities;
using ContextGrid.Core.Features;
using ContextGrid.Core.Features.Accumulators;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Core.Model;

namespace ContextGrid.Core.Queries;

/// <summary>
/// Answers queries about entities of one plan: the only code that reads entity state. Holds the scratch that reading
/// needs, so one thread uses it at a time; after warm-up it does not allocate.
/// </summary>
public sealed class EntityReader
{
    private readonly EntityPlan _plan;
    private readonly WindowRead[][] _windows;
    private readonly SessionFinder _sessions = new();
    private readonly CategoryRanking _ranking = new();
    private readonly Value[] _columns;
    private readonly Accumulator[] _cells = new Accumulator[8];
    private readonly Value[] _values;
    private readonly FeatureStatus[] _statuses;
    private readonly long[] _timesMs;
    private readonly byte[] _notes;

    /// <summary>Creates a reader for entities of a plan.</summary>
    public EntityReader(EntityPlan plan)
    {
        _plan = plan;
        _windows = [.. plan.Events.Select(e => e.Windows.Select(w => new WindowRead(w)).ToArray())];
        _columns = new Value[plan.ColumnCountMax];
        _values = new Value[plan.Features.Length];
        _statuses = new FeatureStatus[plan.Features.Length];
        _timesMs = new long[plan.Features.Length];
        _notes = new byte[plan.Features.Length];
    }

    /// <summary>Reads features of one entity.</summary>
    /// <param name="entity">The entity; null: it was never seen.</param>
    /// <param name="selection">Which features; of this reader's plan.</param>
    /// <param name="headMs">
    /// The head of all windows, milliseconds since the Unix epoch. A head before the entity's earliest one
    /// (<see cref="Entity.HeadMsMin"/>) is moved to it.
    /// </param>
    /// <param name="arena">Where texts and lists go.</param>
    /// <param name="answer">Where the answer goes.</param>
    /// <returns>The head that was used.</returns>
    public long Read(
        Entity? entity, FeatureSelection selection, long headMs, AnswerArena arena, in AnswerSlots answer)
    {
        headMs = entity is null ? headMs : Math.Max(headMs, entity.HeadMsMin);
        if (entity is not null && IsPastTtl(entity, headMs))
        {
            // Windows are opened without a state, so that none is told that an earlier reading used.
            for (int i = 0; i < _plan.Events.Length; i++)
            {
                ReadEvent(i, null, selection.Windows[i], headMs);
            }

            AnswerExpired(entity, selection, headMs);
        }
        else
        {
            for (int i = 0; i < _plan.Events.Length; i++)
            {
                ReadEvent(i, entity?.StateOf(i), selection.Windows[i], headMs);
            }

            foreach (int feature in selection.Aggregates)
            {
                Compute(_plan.Features[feature], entity, headMs, arena);
            }

            foreach (int feature in selection.Derived)
            {
                Derive(_plan.Features[feature], arena);
            }
        }

        for (int i = 0; i < selection.Features.Length; i++)
        {
            int feature = selection.Features[i];
            bool known = feature >= 0;
            answer.Values[i] = known ? _values[feature] : Value.Null;
            answer.Statuses[i] = known ? _statuses[feature] : FeatureStatus.UnknownFeature;
            answer.EventTimesMs[i] = known ? _timesMs[feature] : EventTimes.None;
            answer.Notes[i] = known ? _notes[feature] : (byte)0;
        }

        return headMs;
    }

    /// <summary>
    /// The window that the last <see cref="Read"/> used for an aggregate feature, and the events in it.
    /// </summary>
    /// <returns>First and last event time inside (milliseconds; lifetime starts at <see cref="long.MinValue"/>), and
    /// how many events matched.</returns>
    public (long StartMs, long EndMs, long Events) WindowOf(int feature)
    {
        FeaturePlan plan = _plan.Features[feature];
        WindowRead window = _windows[plan.Event][plan.Window];
        return (window.StartMs, window.HeadMs, window.Content.Events);
    }

    /// <summary>
    /// The first head after that of the last <see cref="Read"/>, which was of the same entity, at which a feature can
    /// have another value or status without an event: a tile leaves a window, a window begins, a session ends, the
    /// ttl passes. At every head before it all answers are the same, but for those of features that run with the head
    /// (<see cref="FeatureSelection.Runs"/>). It may be too early, and is never too late.
    /// </summary>
    /// <returns>Milliseconds since the Unix epoch; <see cref="long.MaxValue"/>: nothing changes any more.</returns>
    public long NextChangeMs(Entity? entity, FeatureSelection selection, long headMs)
    {
        if (entity is null || entity.NewestMs == long.MinValue)
        {
            return long.MaxValue;
        }

        bool isExpired = IsPastTtl(entity, headMs);
        long ttlMs = _plan.Definition.TtlMs, newestMs = entity.NewestUpTo(headMs);
        long next = ttlMs > 0 && !isExpired && newestMs != long.MinValue ? newestMs + ttlMs + 1 : long.MaxValue;
        for (int e = 0; e < _windows.Length; e++)
        {
            EventState? state = entity.StateOf(e);
            next = Math.Min(next, state?.Waiting?.FirstAfter(headMs) ?? long.MaxValue);
            for (int w = 0; w < _windows[e].Length && !isExpired; w++)
            {
                if (selection.Windows[e][w])
                {
                    next = Math.Min(next, _windows[e][w].NextChangeMs(state));
                }
            }
        }

        return Math.Max(next, headMs + 1);
    }

    private bool IsPastTtl(Entity entity, long headMs) =>
        _plan.Definition.TtlMs > 0 && entity.NewestUpTo(headMs) is var newestMs and not long.MinValue
        && headMs - newestMs > _plan.Definition.TtlMs;

    private void ReadEvent(int index, EventState? state, bool[] wanted, long headMs)
    {
        WindowRead[] windows = _windows[index];
        bool rows = false, tails = false, waiting = false;
        for (int i = 0; i < windows.Length; i++)
        {
            if (wanted[i])
            {
                windows[i].Open(state, headMs, _sessions);
                rows |= windows[i].WantsRows;
                tails |= windows[i].TailFromRows;
                waiting |= windows[i].WantsWaiting;
            }
        }

        if (rows)
        {
            AddRows(state!.Rows, state.Plan, windows, wanted, tail: false); // Only a state has rows.
        }

        if (tails)
        {
            AddRows(state!.ExactRows!, state.Plan, windows, wanted, tail: true); // Only exact windows have tails.
        }

        if (waiting)
        {
            AddWaiting(state!.Waiting!, state.Plan, windows, wanted); // Only a state with waiting rows wants them.
        }
    }

    private void AddWaiting(RowBuffer rows, EventPlan plan, WindowRead[] windows, bool[] wanted)
    {
        for (int at = rows.Start; at < rows.End; at += rows.RowAt(at).Length)
        {
            ReadOnlySpan<byte> bytes = rows.RowAt(at);
            bool decoded = false;
            for (int i = 0; i < windows.Length; i++)
            {
                if (!wanted[i] || !windows[i].WantsWaiting || !windows[i].TakesWaiting(bytes))
                {
                    continue;
                }

                if (!decoded)
                {
                    RowCodec.Decode(plan, rows.Bytes, at, _columns);
                    decoded = true;
                }

                windows[i].Add(new EventRow(RowCodec.TimeMs(bytes), RowCodec.PositionOf(bytes), _columns));
            }
        }
    }

    private void AddRows(RowBuffer rows, EventPlan plan, WindowRead[] windows, bool[] wanted, bool tail)
    {
        for (int at = rows.Start; at < rows.End;)
        {
            ReadOnlySpan<byte> bytes = rows.RowAt(at);
            bool decoded = false, wantedLater = false;
            for (int i = 0; i < windows.Length; i++)
            {
                WindowRead window = windows[i];
                if (!wanted[i] || !(tail ? window.TailFromRows : window.WantsRows))
                {
                    continue;
                }

                wantedLater |= !tail || window.IsBeforeTailEnd(bytes);
                if (tail ? window.TakesInTail(bytes) : window.Takes(bytes))
                {
                    if (!decoded)
                    {
                        RowCodec.Decode(plan, rows.Bytes, at, _columns);
                        decoded = true;
                    }

                    window.Add(new EventRow(RowCodec.TimeMs(bytes), RowCodec.PositionOf(bytes), _columns));
                }
            }

            if (!wantedLater)
            {
                return;
            }

            at += bytes.Length;
        }
    }

    private void Compute(FeaturePlan plan, Entity? entity, long headMs, AnswerArena arena)
    {
        var feature = (AggregateFeature)plan.Definition;
        WindowRead window = _windows[plan.Event][plan.Window];
        long newest = entity?.StateOf(plan.Event)?.NewestUpTo(window.Plan.Group.Predicate, headMs) ?? EventTimes.None;
        long events = window.Content.Events;
        var context = new ResultContext(
            headMs,
            feature.Window.SizeMs,
            events > 0 ? newest : long.MinValue,
            feature.Aggregate.Input?.Type ?? ValueKind.Null);
        bool approximate = window.IsTailApproximate && events > 0;
        Value value;
        if (window.Content.Categories is { } categories)
        {
            value = _ranking.Rank(feature, plan, categories, context, _cells, arena.Results, ref approximate);
        }
        else
        {
            ReadOnlySpan<Accumulator> cells = Gather(window.Content.Cells, plan, _cells);
            value = AggregateResult.Compute(feature.Aggregate, cells, context, arena.Results);
            approximate |= AggregateResult.IsApproximate(feature.Aggregate, cells);
        }

        approximate |= KeptText.IsCut(value);
        _values[plan.Index] = value;
        _notes[plan.Index] = approximate ? (byte)1 : (byte)0;
        _timesMs[plan.Index] = newest;
        _statuses[plan.Index] = newest == EventTimes.None ? FeatureStatus.NeverSeen
            : events == 0 ? FeatureStatus.Expired
            : value.IsNull ? FeatureStatus.Null
            : FeatureStatus.Present;
    }

    /// <summary>Puts the accumulators that a feature needs side by side, in the aggregate's order.</summary>
    internal static ReadOnlySpan<Accumulator> Gather(Accumulator?[] from, FeaturePlan plan, Accumulator[] into)
    {
        for (int i = 0; i < plan.Cells.Length; i++)
        {
            into[i] = from[plan.Cells[i]]!; // The window was planned with the cells that its features need.
        }

        return into.AsSpan(0, plan.Cells.Length);
    }

    private void Derive(FeaturePlan plan, AnswerArena arena)
    {
        Value value = ((DerivedFeature)plan.Definition).Expression.Evaluate(_values, arena.Texts);
        long time = EventTimes.None;
        byte notes = 0;
        foreach (int input in plan.Inputs)
        {
            time = Math.Max(time, _timesMs[input]);
            notes |= _notes[input];
        }

        _values[plan.Index] = value;
        _statuses[plan.Index] = DerivedStatus.Of(value, plan.Inputs, _statuses);
        _timesMs[plan.Index] = time;
        _notes[plan.Index] = notes;
    }

    // After the ttl nothing of the state may be told, but when its events were.
    private void AnswerExpired(Entity entity, FeatureSelection selection, long headMs)
    {
        foreach (int index in selection.Aggregates)
        {
            FeaturePlan plan = _plan.Features[index];
            int predicate = _windows[plan.Event][plan.Window].Plan.Group.Predicate;
            _timesMs[index] = entity.StateOf(plan.Event)?.NewestUpTo(predicate, headMs) ?? EventTimes.None;
            Expire(index);
        }

        foreach (int index in selection.Derived)
        {
            _timesMs[index] = EventTimes.None;
            foreach (int input in _plan.Features[index].Inputs)
            {
                _timesMs[index] = Math.Max(_timesMs[index], _timesMs[input]);
            }

            Expire(index);
        }
    }

    private void Expire(int feature)
    {
        _values[feature] = Value.Null;
        _statuses[feature] = FeatureStatus.Expired;
        _notes[feature] = 0;
    }
}
