using System.Collections.Immutable;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Entities;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Core.Model;
using ContextGrid.Core.Queries;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Diagnostics;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;

namespace ContextGrid.Runtime.Shards;

/// <summary>
/// The grid in one process. An event is applied on the ingestor's thread, a query is answered on the caller's: both
/// take a turn of the entity's shard, and nothing waits inside a turn. With resident entities both complete
/// synchronously; one that is not resident is looked up in the checkpoint's segments between two turns.
/// </summary>
public sealed class ShardEngine : IContextGrid
{
    private readonly EntityTable[] _tables;
    private readonly StoredEntities _stored;
    private readonly EventRouter _router;
    private readonly EntityQueries _queries;
    private readonly EntityFollowers _followers;

    /// <summary>Creates a grid without entities, all of which stay in memory.</summary>
    public ShardEngine(DefinitionSet definitions, GridMetrics metrics)
        : this(definitions, metrics, null, 0)
    {
    }

    /// <summary>Creates a grid whose entities are in a checkpoint.</summary>
    /// <param name="definitions">The definitions.</param>
    /// <param name="metrics">Counters.</param>
    /// <param name="store">The checkpoints; null: there are none.</param>
    /// <param name="bytesMax">The budget of resident entities, bytes; 0: unlimited. Needs checkpoints.</param>
    internal ShardEngine(DefinitionSet definitions, GridMetrics metrics, CheckpointStore? store, long bytesMax)
    {
        _stored = new StoredEntities(store, metrics);
        Memory = new ResidentMemory(store is null ? 0 : bytesMax);
        Memory.SetLookupBytes(_stored.View.Bytes);
        Plans = PlanCompiler.Compile(definitions);
        _tables =
        [
            .. Plans.Select(p => new EntityTable(p, _stored, Memory, metrics)
            {
                AtStart = store?.Current.Content.Counters.GetValueOrDefault(CounterOf(p)) ?? 0,
            }),
        ];
        Passivation = new Passivation(_tables, Memory, metrics);
        _followers = new EntityFollowers(Plans);
        _router = new EventRouter(definitions, _tables, _followers, _stored, Memory, Passivation, metrics);
        _queries = new EntityQueries(_tables, _stored, Memory, Passivation);
    }

    /// <inheritdoc/>
    public ImmutableArray<EntityPlan> Plans { get; }

    /// <summary>The entities by type, in the order of <see cref="Plans"/>.</summary>
    internal ReadOnlySpan<EntityTable> Tables => _tables;

    /// <summary>The account of the resident entities' memory.</summary>
    internal ResidentMemory Memory { get; }

    /// <summary>Makes entities passive.</summary>
    internal Passivation Passivation { get; }

    /// <summary>The segments that hold the passive entities.</summary>
    internal SegmentView View => _stored.View;

    /// <summary>How many entities of a type have state, in memory or stored.</summary>
    public long CountEntities(int plan) => _tables[plan].Count;

    /// <summary>How many entities of a type are in memory.</summary>
    public long CountResident(int plan) => _tables[plan].ResidentCount;

    /// <summary>An estimate of the memory of all resident entities, bytes.</summary>
    public long ResidentBytes => Memory.Bytes;

    /// <summary>The budget of resident entities, bytes; 0: unlimited.</summary>
    public long ResidentBytesMax => Memory.BytesMax;

    /// <summary>The memory that look-ups of passive entities take: filters and tops of indexes; bytes.</summary>
    public long LookupBytes => View.Bytes;

    /// <inheritdoc/>
    public ValueTask ApplyAsync(EventBatch batch, CancellationToken cancellationToken) =>
        _router.ApplyAsync(batch, cancellationToken);

    /// <inheritdoc/>
    public ValueTask ReadAsync(ContextQuery query, ContextAnswer answer, CancellationToken cancellationToken) =>
        _queries.ReadAsync(query, answer, cancellationToken);

    /// <inheritdoc/>
    public ValueTask FindChangedAsync(
        ContextQuery query, SourceVector since, List<int> changed, CancellationToken cancellationToken) =>
        _queries.FindChangedAsync(query, since, changed, cancellationToken);

    /// <summary>The name of the counter that keeps across starts how many entities a type has.</summary>
    internal static string CounterOf(EntityPlan plan) => "entities." + plan.Definition.Name;

    /// <inheritdoc/>
    public ValueTask FollowAsync(
        ContextQuery query, int first, ChangedEntities changed, CancellationToken cancellationToken)
    {
        _followers.Follow(query, first, changed, begins: true);
        return default;
    }

    /// <inheritdoc/>
    public void Unfollow(ContextQuery query, int first, ChangedEntities changed) =>
        _followers.Follow(query, first, changed, begins: false);

    /// <inheritdoc/>
    public SourceVector MarkedUpTo(ImmutableArray<PartitionProgress> progress) => SourceVector.Of(progress);

    /// <summary>Reads one entity into an answer; notes it when the head is before its earliest one.</summary>
    internal static void Read(
        int index,
        Entity? entity,
        ContextQuery query,
        ContextAnswer answer,
        EntityReader reader,
        FeatureSelection selection)
    {
        bool seen = entity is not null && entity.NewestMs != long.MinValue;
        if (query.Head == QueryHead.AsOf && seen && entity!.HeadMsMin > query.HeadMs) // Seen means that there is one.
        {
            answer.Past.Add(index);
            return;
        }

        long headMs = query.Head == QueryHead.Newest && seen ? entity!.NewestMs : query.HeadMs; // As above.
        long used = reader.Read(entity, selection, headMs, answer.Arena, answer.Slots(index));
        answer.Explained = query.Explained < 0 ? default : reader.WindowOf(query.Explained);
        if (query.TellsNextChange)
        {
            answer.NextChangeMs(index) = reader.NextChangeMs(entity, selection, used);
        }

        answer.Complete(
            index,
            used,
            entity?.NewestMs ?? EventTimes.None,
            entity?.SkippedEvents ?? 0,
            entity is null ? [] : entity.Applied);
    }
}
