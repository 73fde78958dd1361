using System.Collections.Immutable;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Entities;
using ContextGrid.Core.Model;
using ContextGrid.Runtime.Diagnostics;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;

namespace ContextGrid.Runtime.Shards;

/// <summary>
/// Brings each event of a batch to the entities that it is about, on the ingestor's thread. With resident or new
/// entities it completes synchronously and does not allocate; a stored one is looked up between two turns. Waits when
/// the memory is full, so that producers' events stay in the log meanwhile.
/// </summary>
internal sealed class EventRouter
{
    private readonly ImmutableArray<(EntityTable Table, EntitySource Source)>[] _consumers;
    private readonly EntityFollowers _followers;
    private readonly StoredEntities _stored;
    private readonly ResidentMemory _memory;
    private readonly Passivation _passivation;
    private readonly GridMetrics _metrics;
    private readonly ScratchPool<RouteScratch> _scratch;

    internal EventRouter(
        DefinitionSet definitions,
        EntityTable[] tables,
        EntityFollowers followers,
        StoredEntities stored,
        ResidentMemory memory,
        Passivation passivation,
        GridMetrics metrics)
    {
        _followers = followers;
        _stored = stored;
        _memory = memory;
        _passivation = passivation;
        _metrics = metrics;
        _scratch = new ScratchPool<RouteScratch>(() => new RouteScratch(tables), _ => 0);
        _consumers = new ImmutableArray<(EntityTable, EntitySource)>[definitions.Events.Length];
        for (int e = 0; e < _consumers.Length; e++)
        {
            _consumers[e] =
            [
                .. tables.SelectMany(t => t.Plan.Definition.Sources.Where(s => s.EventIndex == e).Select(s => (t, s))),
            ];
        }
    }

    /// <summary>Applies events to entities of some shards; other processes get those of theirs.</summary>
    /// <param name="events">The events; moved through.</param>
    /// <param name="shards">The open shards that take them.</param>
    /// <param name="others">Takes the events of other processes' shards; null: there are none.</param>
    /// <param name="cancellationToken">Ends the wait for memory or for look-ups.</param>
    internal async ValueTask ApplyAsync(
        EventCursor events, ShardSet shards, OutgoingEvents? others, CancellationToken cancellationToken)
    {
        long late = 0, repeated = 0;
        RouteScratch scratch = _scratch.Take();
        while (!_memory.IsOver || await MakeRoomAsync(cancellationToken))
        {
            if (!events.MoveNext())
            {
                break;
            }

            EventRecord record = events.Current;
            foreach ((EntityTable table, EntitySource source) in _consumers[record.EventIndex])
            {
                if (!events.TryGetKey(source, out ReadOnlySpan<byte> key))
                {
                    continue;
                }

                EntityShard shard = table.ShardOf(key);
                if (!shards.Contains(shard.Number))
                {
                    others?.Want(shard.Number);
                    continue;
                }

                ulong hash = StableHash.Of(key);
                TurnOutcome turn = shard.Apply(
                    key, hash, record, events.IsSkipped, default, scratch.Of(table), out ApplyOutcome outcome);
                if (turn == TurnOutcome.Done)
                {
                    Mark(table, key);
                }
                else if (turn == TurnOutcome.MayBeStored)
                {
                    outcome = await ApplyStoredAsync(
                        table, shard, key.ToArray(), hash, events, scratch, cancellationToken);
                }

                late += outcome == ApplyOutcome.AppliedLate ? 1 : 0;
                repeated += outcome == ApplyOutcome.AlreadyApplied ? 1 : 0;
            }

            others?.Add(record, events.IsSkipped);
        }

        _scratch.Give(scratch);
        _metrics.CountLate(late);
        _metrics.CountRedelivered(repeated);
    }

    // Also what an entity had applied already: before a crash it may not have been told.
    private void Mark(EntityTable table, ReadOnlySpan<byte> key)
    {
        _followers.Mark(table.Plan, key);
        table.MarkOutputs(key);
    }

    /// <summary>Applies the present event to an entity that may be stored.</summary>
    private async ValueTask<ApplyOutcome> ApplyStoredAsync(
        EntityTable table,
        EntityShard shard,
        byte[] key,
        ulong hash,
        EventCursor events,
        RouteScratch scratch,
        CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                StoredEntity stored = await _stored.FindAsync(
                    table.Plan, table.StoredKeyOf(key, hash), cancellationToken);
                TurnOutcome turn = shard.Apply(
                    key, hash, events.Current, events.IsSkipped, stored, scratch.Of(table), out ApplyOutcome outcome);
                if (turn != TurnOutcome.MayBeStored)
                {
                    Mark(table, key);
                    return outcome;
                }
            }
        }
        catch
        {
            // The event is not applied: the next call begins with it.
            events.Hold();
            throw;
        }
    }

    /// <summary>
    /// Makes cold entities passive; when too much has changed since the last checkpoint, waits for the next one.
    /// </summary>
    private async ValueTask<bool> MakeRoomAsync(CancellationToken cancellationToken)
    {
        _passivation.Relieve();
        while (true)
        {
            long seen = _memory.Checkpointed.Version;
            if (!_memory.IsFull)
            {
                return true;
            }

            _metrics.Entities.CountWait();
            await _memory.Checkpointed.WaitAsync(seen, cancellationToken);
            _passivation.Relieve();
        }
    }

    /// <summary>What one call needs, reused by the next.</summary>
    private sealed class RouteScratch(EntityTable[] tables)
    {
        private readonly ApplyScratch[] _byTable = [.. tables.Select(t => new ApplyScratch(t.Plan))];

        internal ApplyScratch Of(EntityTable table) => _byTable[table.Index];
    }
}
