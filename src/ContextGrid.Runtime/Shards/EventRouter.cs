using System.Collections.Immutable;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Entities;
using ContextGrid.Core.Model;
using ContextGrid.Runtime.Diagnostics;
using ContextGrid.Runtime.Ingestion;

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
        _consumers = new ImmutableArray<(EntityTable, EntitySource)>[definitions.Events.Length];
        for (int e = 0; e < _consumers.Length; e++)
        {
            _consumers[e] =
            [
                .. tables.SelectMany(t => t.Plan.Definition.Sources.Where(s => s.EventIndex == e).Select(s => (t, s))),
            ];
        }
    }

    /// <inheritdoc cref="IEventTarget.ApplyAsync"/>
    internal async ValueTask ApplyAsync(EventBatch batch, CancellationToken cancellationToken)
    {
        long late = 0, repeated = 0;
        while (!_memory.IsOver || await MakeRoomAsync(cancellationToken))
        {
            if (!batch.MoveNext())
            {
                break;
            }

            EventRecord record = batch.Current;
            foreach ((EntityTable table, EntitySource source) in _consumers[record.EventIndex])
            {
                if (!batch.TryGetKey(source, out ReadOnlySpan<byte> key))
                {
                    continue;
                }

                ulong hash = StableHash.Of(key);
                if (table.ShardOf(hash).TryApply(
                    key, hash, record, batch.IsSkipped, default, out ApplyOutcome outcome))
                {
                    Mark(table, key);
                }
                else
                {
                    outcome = await ApplyStoredAsync(table, key.ToArray(), hash, batch, cancellationToken);
                }

                late += outcome == ApplyOutcome.AppliedLate ? 1 : 0;
                repeated += outcome == ApplyOutcome.AlreadyApplied ? 1 : 0;
            }
        }

        _metrics.CountLate(late);
        _metrics.CountRedelivered(repeated);
    }

    // Also what an entity had applied already: before a crash it may not have been told.
    private void Mark(EntityTable table, ReadOnlySpan<byte> key)
    {
        _followers.Mark(table.Plan, key);
        table.MarkOutputs(key);
    }

    /// <summary>Applies the batch's event to an entity that may be stored.</summary>
    private async ValueTask<ApplyOutcome> ApplyStoredAsync(
        EntityTable table, byte[] key, ulong hash, EventBatch batch, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                StoredEntity stored = await _stored.FindAsync(
                    table.Plan, table.StoredKeyOf(key, hash), cancellationToken);
                if (table.ShardOf(hash).TryApply(
                    key, hash, batch.Current, batch.IsSkipped, stored, out ApplyOutcome outcome))
                {
                    Mark(table, key);
                    return outcome;
                }
            }
        }
        catch
        {
            // The event is not applied: the next call begins with it.
            batch.Hold();
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
}
