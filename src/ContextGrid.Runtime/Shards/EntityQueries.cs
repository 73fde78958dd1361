using System.Collections.Immutable;
using ContextGrid.Core.Entities;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Core.Model;
using ContextGrid.Core.Queries;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;

namespace ContextGrid.Runtime.Shards;

/// <summary>
/// Answers queries on the caller's thread, one turn of a shard an entity. With resident entities, and with those that
/// exist nowhere, it completes synchronously and does not allocate; stored ones are looked up between turns.
/// </summary>
internal sealed class EntityQueries
{
    // Look-ups of one query at the same time: enough to keep a disk busy, few enough to leave it to others.
    private const int LookupsMax = 16;

    private readonly EntityTable[] _tables;
    private readonly ImmutableArray<EntityPlan> _plans;
    private readonly StoredEntities _stored;
    private readonly ResidentMemory _memory;
    private readonly Passivation _passivation;
    private readonly ScratchPool<ReadScratch> _scratch;

    internal EntityQueries(
        EntityTable[] tables, StoredEntities stored, ResidentMemory memory, Passivation passivation)
    {
        _tables = tables;
        _plans = [.. tables.Select(t => t.Plan)];
        _scratch = new ScratchPool<ReadScratch>(() => new ReadScratch(_plans), s => sizeof(int) * s.Stored.Capacity);
        _stored = stored;
        _memory = memory;
        _passivation = passivation;
    }

    /// <summary>Reads the entities of a query whose shards are open here.</summary>
    /// <param name="query">The query.</param>
    /// <param name="answer">Takes the answers; it was made ready for the query.</param>
    /// <param name="closed">Takes the places of entities whose shard is not open here.</param>
    /// <param name="cancellationToken">Ends the wait for look-ups.</param>
    internal ValueTask ReadAsync(
        ContextQuery query, ContextAnswer answer, List<int> closed, CancellationToken cancellationToken)
    {
        ReadScratch scratch = _scratch.Take();
        for (int i = 0; i < query.Count; i++)
        {
            Sort(TryRead(i, default, query, answer, scratch), i, scratch.Stored, closed);
        }

        if (scratch.Stored.Count > 0)
        {
            return ReadStoredAsync(query, answer, scratch, closed, cancellationToken);
        }

        _scratch.Give(scratch);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc cref="IContextGrid.FindChangedAsync"/>
    internal async ValueTask FindChangedAsync(
        ContextQuery query,
        SourceVector since,
        List<int> changed,
        List<int> closed,
        CancellationToken cancellationToken)
    {
        for (int i = 0; i < query.Count; i++)
        {
            StoredEntity stored = default;
            TurnOutcome turn;
            while ((turn = TryCompare(i, stored, query, since, changed)) == TurnOutcome.MayBeStored)
            {
                stored = await FindStoredAsync(query, i, cancellationToken);
            }

            if (turn == TurnOutcome.Closed)
            {
                closed.Add(i);
            }

            Relieve(stored.View is null ? 0 : 1);
        }
    }

    private static void Sort(TurnOutcome turn, int index, List<int> stored, List<int> closed)
    {
        if (turn != TurnOutcome.Done)
        {
            (turn == TurnOutcome.Closed ? closed : stored).Add(index);
        }
    }

    /// <summary>Reads an entity in a turn of its shard.</summary>
    private TurnOutcome TryRead(
        int index, in StoredEntity stored, ContextQuery query, ContextAnswer answer, ReadScratch scratch)
    {
        FeatureSelection selection = query.Selections[query[index].Selection];
        int type = _plans.IndexOf(selection.Plan);
        ReadOnlySpan<byte> key = query.Key(index);
        EntityShard shard = _tables[type].ShardOf(key);
        lock (shard.Gate)
        {
            TurnOutcome turn = shard.Find(key, StableHash.Of(key), stored, out Entity? entity);
            if (turn == TurnOutcome.Done)
            {
                ShardEngine.Read(index, entity, query, answer, scratch.Readers[type], selection);
            }

            return turn;
        }
    }

    /// <summary>Compares an entity's positions in a turn of its shard.</summary>
    private TurnOutcome TryCompare(
        int index, in StoredEntity stored, ContextQuery query, SourceVector since, List<int> changed)
    {
        EntityPlan plan = query.Selections[query[index].Selection].Plan;
        ReadOnlySpan<byte> key = query.Key(index);
        EntityShard shard = _tables[_plans.IndexOf(plan)].ShardOf(key);
        lock (shard.Gate)
        {
            TurnOutcome turn = shard.Find(key, StableHash.Of(key), stored, out Entity? entity);
            if (turn == TurnOutcome.Done && entity is not null && since.IsBefore(plan, entity.Applied))
            {
                changed.Add(index);
            }

            return turn;
        }
    }

    /// <summary>Reads the entities that may be stored; some are looked up at the same time.</summary>
    private async ValueTask ReadStoredAsync(
        ContextQuery query,
        ContextAnswer answer,
        ReadScratch scratch,
        List<int> closed,
        CancellationToken cancellationToken)
    {
        List<int> waiting = scratch.Stored;
        var looking = new Task<StoredEntity>[Math.Min(LookupsMax, waiting.Count)];
        while (waiting.Count > 0)
        {
            int count = Math.Min(looking.Length, waiting.Count), first = waiting.Count - count;
            for (int i = 0; i < count; i++)
            {
                looking[i] = FindBesideAsync(query, waiting[first + i], count > 1, cancellationToken);
            }

            await Task.WhenAll(looking.AsSpan(0, count));
            for (int i = count - 1; i >= 0; i--)
            {
                // When a newer checkpoint has come meanwhile, it is looked up once more.
                int index = waiting[first + i];
                TurnOutcome turn = TryRead(index, await looking[i], query, answer, scratch);
                if (turn != TurnOutcome.MayBeStored)
                {
                    waiting.RemoveAt(first + i);
                    Sort(turn, index, waiting, closed);
                }
            }

            Relieve(count);
        }

        _scratch.Give(scratch);
    }

    private async Task<StoredEntity> FindBesideAsync(
        ContextQuery query, int index, bool hasOthers, CancellationToken cancellationToken)
    {
        if (hasOthers)
        {
            // A store may hold up the thread that reads: each look-up goes on as a task of its own.
            await Task.Yield();
        }

        return await FindStoredAsync(query, index, cancellationToken);
    }

    private ValueTask<StoredEntity> FindStoredAsync(
        ContextQuery query, int index, CancellationToken cancellationToken)
    {
        EntityTable table = _tables[_plans.IndexOf(query.Selections[query[index].Selection].Plan)];
        byte[] key = query.Key(index).ToArray();
        return _stored.FindAsync(table.Plan, table.StoredKeyOf(key, StableHash.Of(key)), cancellationToken);
    }

    /// <summary>Makes as much room as entities have come back.</summary>
    private void Relieve(int activated)
    {
        if (activated > 0 && _memory.IsOver)
        {
            _passivation.Relieve(activated);
        }
    }

    /// <summary>What one query needs, reused by the next.</summary>
    private sealed class ReadScratch(ImmutableArray<EntityPlan> plans)
    {
        internal EntityReader[] Readers { get; } = [.. plans.Select(p => new EntityReader(p))];

        /// <summary>The places in the query of entities that may be stored.</summary>
        internal List<int> Stored { get; } = [];
    }
}
