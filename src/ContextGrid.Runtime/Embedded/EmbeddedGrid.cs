using System.Collections.Concurrent;
using System.Collections.Immutable;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Entities;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Core.Model;
using ContextGrid.Core.Queries;
using ContextGrid.Runtime.Diagnostics;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;

namespace ContextGrid.Runtime.Embedded;

/// <summary>
/// The grid in one process. An event is applied on the ingestor's thread, a query is answered on the caller's: both
/// take a turn of the entity's shard. Nothing waits inside a turn, so both methods complete synchronously.
/// </summary>
public sealed class EmbeddedGrid : IContextGrid
{
    private readonly EntityTable[] _tables;
    private readonly ImmutableArray<(EntityTable Table, EntitySource Source)>[] _consumers;
    private readonly ConcurrentBag<EntityReader[]> _readers = [];
    private readonly EntityFollowers _followers;
    private readonly GridMetrics _metrics;

    /// <summary>Creates a grid without entities.</summary>
    public EmbeddedGrid(DefinitionSet definitions, GridMetrics metrics)
    {
        _metrics = metrics;
        Plans = PlanCompiler.Compile(definitions);
        _tables = [.. Plans.Select(p => new EntityTable(p))];
        _followers = new EntityFollowers(Plans);
        _consumers = new ImmutableArray<(EntityTable, EntitySource)>[definitions.Events.Length];
        for (int e = 0; e < _consumers.Length; e++)
        {
            _consumers[e] =
            [
                .. _tables.SelectMany(t => t.Plan.Definition.Sources.Where(s => s.EventIndex == e).Select(s => (t, s))),
            ];
        }
    }

    /// <inheritdoc/>
    public ImmutableArray<EntityPlan> Plans { get; }

    /// <summary>The entities by type, in the order of <see cref="Plans"/>.</summary>
    internal ReadOnlySpan<EntityTable> Tables => _tables;

    /// <summary>How many entities of a type have state.</summary>
    public long CountEntities(int plan) => _tables[plan].Count;

    /// <inheritdoc/>
    public ValueTask ApplyAsync(EventBatch batch, CancellationToken cancellationToken)
    {
        long late = 0, repeated = 0;
        while (batch.MoveNext())
        {
            EventRecord record = batch.Current;
            foreach ((EntityTable table, EntitySource source) in _consumers[record.EventIndex])
            {
                if (!batch.TryGetKey(source, out ReadOnlySpan<byte> key))
                {
                    continue;
                }

                EntityShard shard = table.ShardOf(key);
                if (batch.IsSkipped)
                {
                    shard.Skip(key, record.Position);
                    _followers.Mark(table.Plan, key);
                    continue;
                }

                ApplyOutcome outcome = shard.Apply(key, record);
                _followers.Mark(table.Plan, key);
                late += outcome == ApplyOutcome.AppliedLate ? 1 : 0;
                repeated += outcome == ApplyOutcome.AlreadyApplied ? 1 : 0;
            }
        }

        _metrics.CountLate(late);
        _metrics.CountRedelivered(repeated);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask ReadAsync(ContextQuery query, ContextAnswer answer, CancellationToken cancellationToken)
    {
        answer.Start(query);
        EntityReader[] readers = _readers.TryTake(out EntityReader[]? pooled)
            ? pooled
            : [.. Plans.Select(p => new EntityReader(p))];
        for (int i = 0; i < query.Count; i++)
        {
            FeatureSelection selection = query.Selections[query[i].Selection];
            int type = Plans.IndexOf(selection.Plan);
            ReadOnlySpan<byte> key = query.Key(i);
            EntityShard shard = _tables[type].ShardOf(key);
            lock (shard.Gate)
            {
                Read(i, shard.Find(key), query, answer, readers[type], selection);
            }
        }

        _readers.Add(readers);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask FindChangedAsync(
        ContextQuery query, SourceVector since, List<int> changed, CancellationToken cancellationToken)
    {
        for (int i = 0; i < query.Count; i++)
        {
            EntityPlan plan = query.Selections[query[i].Selection].Plan;
            ReadOnlySpan<byte> key = query.Key(i);
            EntityShard shard = _tables[Plans.IndexOf(plan)].ShardOf(key);
            lock (shard.Gate)
            {
                if (shard.Find(key) is { } entity && since.IsBefore(plan, entity.Applied))
                {
                    changed.Add(i);
                }
            }
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public void Follow(ContextQuery query, int first, ChangedEntities changed, bool begins) =>
        _followers.Follow(query, first, changed, begins);

    /// <summary>Reads one entity into an answer; notes it when the head is before its newest event.</summary>
    internal static void Read(
        int index,
        Entity? entity,
        ContextQuery query,
        ContextAnswer answer,
        EntityReader reader,
        FeatureSelection selection)
    {
        bool seen = entity is not null && entity.NewestMs != long.MinValue;
        if (query.Head == QueryHead.AsOf && seen && entity!.NewestMs > query.HeadMs) // Seen means that there is one.
        {
            answer.Past.Add(index);
            return;
        }

        long headMs = query.Head == QueryHead.Newest && seen ? entity!.NewestMs : query.HeadMs; // As above.
        long used = reader.Read(entity, selection, headMs, answer.Arena, answer.Slots(index));
        answer.Explained = query.Explained < 0 ? default : reader.WindowOf(query.Explained);
        answer.Complete(
            index, used, seen ? entity!.NewestMs : 0, entity?.SkippedEvents ?? 0, entity is null ? [] : entity.Applied);
    }

    /// <summary>Puts a restored entity in.</summary>
    internal void Adopt(int plan, ReadOnlySpan<byte> key, ReadOnlySpan<byte> snapshot) =>
        _tables[plan].ShardOf(key).Adopt(key, Entity.Restore(Plans[plan], snapshot));
}
