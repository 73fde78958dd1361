using ContextGrid.Core.Definitions;
using ContextGrid.Core.Entities;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Core.Model;
using ContextGrid.Core.Queries;
using ContextGrid.Core.Snapshots;
using ContextGrid.Orleans.Wire;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Queries;
using ContextGrid.Runtime.Shards;

namespace ContextGrid.Orleans.Entities;

/// <summary>What replays of one entity type share on a silo: plan and scratch. Thread-safe.</summary>
internal sealed class EntityWork
{
    private readonly ScratchPool<Scratch> _scratch;

    internal EntityWork(EntityPlan plan)
    {
        (Plan, StateHash) = (plan, DefinitionHash.OfState(plan.Definitions, plan.Definition));
        int fields = plan.Definitions.Events.Max(e => e.Fields.Length);
        _scratch = new ScratchPool<Scratch>(() => new Scratch(plan, fields), _ => 0);
    }

    /// <summary>The type's plan.</summary>
    internal EntityPlan Plan { get; }

    /// <summary>What stored state of the type is marked with.</summary>
    internal ulong StateHash { get; }

    /// <summary>Applies a block, all of it in one turn.</summary>
    internal ApplyReply Apply(Entity entity, EventBlock events, out bool isChanged)
    {
        isChanged = false;
        var reader = new EventBlockReader(events);
        if (reader.Expected > AppliedOf(entity.Applied, reader.Source))
        {
            return ApplyReply.Lost;
        }

        Scratch scratch = _scratch.Take();
        int late = 0, repeated = 0;
        while (reader.TryRead(scratch.Record, out bool isSkipped))
        {
            ApplyOutcome outcome = !isSkipped ? entity.Apply(scratch.Record, scratch.Apply)
                : entity.Skip(scratch.Record.Position) ? ApplyOutcome.Applied : ApplyOutcome.AlreadyApplied;
            late += outcome == ApplyOutcome.AppliedLate ? 1 : 0;
            repeated += outcome == ApplyOutcome.AlreadyApplied ? 1 : 0;
            isChanged |= outcome is ApplyOutcome.Applied or ApplyOutcome.AppliedLate;
        }

        _scratch.Give(scratch);
        return new ApplyReply(false, late, repeated);
    }

    /// <summary>The state as bytes.</summary>
    internal byte[] Snapshot(Entity entity)
    {
        Scratch scratch = _scratch.Take();
        scratch.Writer.Reset();
        entity.Snapshot(scratch.Writer, scratch.Apply);
        byte[] snapshot = scratch.Writer.Written.ToArray();
        _scratch.Give(scratch);
        return snapshot;
    }

    /// <summary>The last applied offset of a source; −1: none.</summary>
    /// <param name="applied">The entity's positions.</param>
    /// <param name="source">The source, as the definitions count it.</param>
    internal long AppliedOf(ReadOnlySpan<Position> applied, int source)
    {
        int local = Plan.Localize(new Position(source, 0)).Source;
        foreach (Position position in applied)
        {
            if (position.Source == local)
            {
                return position.Offset;
            }
        }

        return -1;
    }

    private sealed class Scratch(EntityPlan plan, int fields)
    {
        internal ApplyScratch Apply { get; } = new(plan);

        internal EventRecord Record { get; } = new(fields);

        internal SnapshotWriter Writer { get; } = new();
    }
}
