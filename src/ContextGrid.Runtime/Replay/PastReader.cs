using System.Collections.Immutable;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Entities;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Core.Queries;
using ContextGrid.Runtime.Codecs;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;
using ContextGrid.Runtime.Shards;

namespace ContextGrid.Runtime.Replay;

/// <summary>
/// Answers about the past: rebuilds the asked entities from the retained log, with the same code that applies live
/// events, leaving out events later than the head. Reads a whole topic, so few run at a time and others wait.
/// </summary>
/// <param name="log">The log.</param>
/// <param name="plans">The plans of all types.</param>
/// <param name="progress">How far each partition is applied: a rebuild reads as far.</param>
/// <param name="decoders">Makes decoders; null: <see cref="PlainDecoders.Create"/>.</param>
public sealed class PastReader(
    IEventLog log,
    ImmutableArray<EntityPlan> plans,
    ImmutableArray<PartitionProgress> progress,
    EventDecoderFactory? decoders = null) : IDisposable
{
    // A rebuild keeps a core busy; the live path keeps the other.
    private readonly SemaphoreSlim _turns = new(1, 1);

    /// <summary>Completes the entities of <see cref="ContextAnswer.Past"/>.</summary>
    /// <param name="query">The query; its head is the point in time.</param>
    /// <param name="answer">The answer so far.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>The first retained offsets of partitions that no longer have their beginning: what was before is not in
    /// the answer. Empty: the log is whole.</returns>
    /// <exception cref="EventLogException">The log can't be read.</exception>
    /// <exception cref="SchemaUnavailableException">A schema can't be had at present.</exception>
    public async ValueTask<IReadOnlyList<RetainedFrom>> ReadAsync(
        ContextQuery query, ContextAnswer answer, CancellationToken cancellationToken)
    {
        await _turns.WaitAsync(cancellationToken);
        try
        {
            var cut = new List<RetainedFrom>();
            Dictionary<EntityPlan, Rebuild> rebuilds = Collect(query, answer);
            foreach (PartitionProgress partition in progress)
            {
                Rebuild[] wanting = [.. rebuilds.Values.Where(r => r.Plan.Topics.Contains(partition.Partition.Topic))];
                if (wanting.Length > 0)
                {
                    // What the sources of the answer say counts, also where another process has said it.
                    long noted = answer.Sources.Where(s => s.Partition == partition.Partition)
                        .Select(s => s.Next).DefaultIfEmpty(0).Max();
                    await ReplayAsync(partition, noted, wanting, query.HeadMs, cut, cancellationToken);
                }
            }

            foreach (int index in answer.Past)
            {
                FeatureSelection selection = query.Selections[query[index].Selection];
                Rebuild rebuild = rebuilds[selection.Plan];
                ShardEngine.Read(
                    index, rebuild.Find(query.Key(index)), query, answer, rebuild.Reader, selection);
            }

            return cut;
        }
        finally
        {
            _turns.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _turns.Dispose();

    private static Dictionary<EntityPlan, Rebuild> Collect(ContextQuery query, ContextAnswer answer)
    {
        var rebuilds = new Dictionary<EntityPlan, Rebuild>();
        foreach (int index in answer.Past)
        {
            EntityPlan plan = query.Selections[query[index].Selection].Plan;
            if (!rebuilds.TryGetValue(plan, out Rebuild? rebuild))
            {
                rebuilds[plan] = rebuild = new Rebuild(plan);
            }

            rebuild.Want(query.Key(index));
        }

        return rebuilds;
    }

    private async ValueTask ReplayAsync(
        PartitionProgress partition,
        long noted,
        Rebuild[] wanting,
        long headMs,
        List<RetainedFrom> cut,
        CancellationToken cancellationToken)
    {
        DefinitionSet definitions = plans[0].Definitions;
        int eventIndex = definitions.EventOf(partition.Partition.Topic);
        var events = new EventBatch(definitions, eventIndex, partition.Partition, decoders);
        LogRange range = await log.GetRangeAsync(partition.Partition, cancellationToken);
        long from = Math.Max(range.Start, partition.StartOffset);
        NoteCut(cut, partition.Partition, from);

        // What was applied before the host's last stop counts, also while the live state is still being brought back.
        long end = Math.Max(noted, Math.Max(partition.Next, partition.RecoverTo));

        // What the log does not give is a failure: an answer without it would not say that it lacks something (I12).
        await using var scan = new LogScan(log, partition.Partition, from, end, idleReadsMax: 0);
        while (await scan.ReadAsync(cancellationToken))
        {
            await events.PrepareAsync(scan.Batch, cancellationToken);
            events.Load(scan.Batch, end);
            Apply(events, wanting, eventIndex, headMs);
        }

        if (scan.RetainedFrom is { } retained)
        {
            // Retention has overtaken the reading: what it took is missing, and the answer says so (I8).
            NoteCut(cut, partition.Partition, retained);
        }
    }

    private static void NoteCut(List<RetainedFrom> cut, TopicPartition partition, long from)
    {
        cut.RemoveAll(c => c.Partition == partition);
        if (from > 0)
        {
            cut.Add(new RetainedFrom(partition, from));
        }
    }

    private static void Apply(EventBatch events, Rebuild[] wanting, int eventIndex, long headMs)
    {
        while (events.MoveNext())
        {
            foreach (Rebuild rebuild in wanting)
            {
                rebuild.Apply(events, eventIndex, headMs);
            }
        }
    }

    /// <summary>The wanted entities of one type while they are rebuilt.</summary>
    private sealed class Rebuild(EntityPlan plan)
    {
        private readonly Dictionary<byte[], Entity> _entities = new(Utf8KeyComparer.Instance);
        private readonly ApplyScratch _scratch = new(plan);

        internal EntityPlan Plan => plan;

        internal EntityReader Reader { get; } = new(plan);

        internal void Want(ReadOnlySpan<byte> key) =>
            _entities.GetAlternateLookup<ReadOnlySpan<byte>>().TryAdd(key, new Entity(plan));

        internal Entity? Find(ReadOnlySpan<byte> key) =>
            _entities.GetAlternateLookup<ReadOnlySpan<byte>>()[key] is { NewestMs: not long.MinValue } seen
                ? seen
                : null;

        internal void Apply(EventBatch events, int eventIndex, long headMs)
        {
            int at = plan.EventPlanOf(eventIndex);
            if (events.Current.EventTimeMs > headMs || at < 0
                || !events.TryGetKey(plan.Definition.Sources[at], out ReadOnlySpan<byte> key)
                || !_entities.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(key, out Entity? entity))
            {
                return;
            }

            if (events.IsSkipped)
            {
                entity.Skip(events.Current.Position);
            }
            else
            {
                entity.Apply(events.Current, _scratch);
            }
        }
    }
}

/// <summary>A partition that no longer has its beginning.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="Offset">The first retained offset.</param>
public readonly record struct RetainedFrom(TopicPartition Partition, long Offset);
