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
/// The entities of one process: those of its open shards, in memory or stored, with one budget and one checkpoint. An
/// event is applied on the reader's thread, a query is answered on the caller's: both take a turn of the entity's
/// shard, and nothing waits inside a turn. With resident entities both complete synchronously; one that is not resident
/// is looked up in the checkpoint's segments between two turns.
/// </summary>
public sealed class ShardEngine : IContextGrid
{
    private readonly EntityTable[] _tables;
    private readonly StoredEntities _stored;
    private readonly EventRouter _router;
    private readonly EntityQueries _queries;
    private readonly EntityFollowers _followers;
    private readonly ShardPart?[] _parts;
    private readonly long[] _epochs;
    private int _openings;
    private readonly ScratchPool<ReadScratch> _reads = new(() => new ReadScratch(), _ => 0);
    private readonly TimeProvider _time;

    /// <summary>Creates an engine with all shards and no entities, which all stay in memory.</summary>
    public ShardEngine(DefinitionSet definitions, GridMetrics metrics)
        : this(definitions, metrics, [])
    {
    }

    /// <summary>Creates an engine with all shards, that keeps its entities in memory.</summary>
    /// <param name="definitions">The definitions.</param>
    /// <param name="metrics">Counters.</param>
    /// <param name="progress">The progress of the source partitions; advanced by their readers.</param>
    /// <param name="time">The clock; null: the system's.</param>
    internal ShardEngine(
        DefinitionSet definitions,
        GridMetrics metrics,
        ImmutableArray<PartitionProgress> progress,
        TimeProvider? time = null)
        : this(definitions, metrics, null, 0, new ShardPositions(progress, ShardMap.CountDefault, true), time) =>
        OpenShards(ShardSet.All(ShardMap.CountDefault), [.. progress], atStart: true);

    /// <summary>Creates an engine without an open shard.</summary>
    /// <param name="definitions">The definitions.</param>
    /// <param name="metrics">Counters.</param>
    /// <param name="store">The checkpoints; null: there are none.</param>
    /// <param name="bytesMax">The budget of resident entities, bytes; 0: unlimited. Needs checkpoints.</param>
    /// <param name="positions">Where its shards stand; without one so far.</param>
    /// <param name="time">The clock; null: the system's.</param>
    internal ShardEngine(
        DefinitionSet definitions,
        GridMetrics metrics,
        CheckpointStore? store,
        long bytesMax,
        ShardPositions positions,
        TimeProvider? time = null)
    {
        (Positions, _time) = (positions, time ?? TimeProvider.System);
        _parts = new ShardPart?[positions.Process.Length];
        _epochs = new long[positions.ShardCount];
        _stored = new StoredEntities(store, metrics);
        Memory = new ResidentMemory(store is null ? 0 : bytesMax);
        Memory.SetLookupBytes(_stored.View.Bytes);
        Plans = PlanCompiler.Compile(definitions);
        PlansHash = DefinitionHash.OfSet(definitions);
        _tables =
        [
            .. Plans.Select((p, i) => new EntityTable(p, i, positions.ShardCount, _stored, Memory, metrics)),
        ];
        Passivation = new Passivation(_tables, Memory, metrics);
        _followers = new EntityFollowers(Plans);
        _router = new EventRouter(definitions, _tables, _followers, _stored, Memory, Passivation, metrics);
        _queries = new EntityQueries(_tables, _stored, Memory, Passivation);
    }

    /// <inheritdoc/>
    public ImmutableArray<EntityPlan> Plans { get; }

    /// <summary>Tells plans apart: processes that send each other events or queries have the same (I13).</summary>
    internal ulong PlansHash { get; }

    /// <summary>The clock.</summary>
    internal TimeProvider Time => _time;

    /// <summary>Where the shards stand.</summary>
    internal ShardPositions Positions { get; }

    /// <summary>The entities by type, in the order of <see cref="Plans"/>.</summary>
    internal ReadOnlySpan<EntityTable> Tables => _tables;

    /// <summary>The account of the resident entities' memory.</summary>
    internal ResidentMemory Memory { get; }

    /// <summary>Makes entities passive.</summary>
    internal Passivation Passivation { get; }

    /// <summary>The segments that hold the passive entities.</summary>
    internal SegmentView View => _stored.View;

    /// <summary>Who wants to hear of which entities.</summary>
    internal EntityFollowers Followers => _followers;

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

    /// <summary>The epoch of a shard's ownership.</summary>
    internal long EpochOf(int shard) => Volatile.Read(ref _epochs[shard]);

    /// <summary>How often shards were opened: what was noted of positions does not hold for a shard that has been
    /// opened since.</summary>
    internal int Openings
    {
        get
        {
            while (true)
            {
                int openings = Volatile.Read(ref _openings);
                if (openings % 2 == 0)
                {
                    return openings;
                }

                Thread.Yield(); // Shards are being opened, for microseconds.
            }
        }
    }

    /// <summary>Opens shards that stand at the same positions; one call at a time.</summary>
    /// <param name="shards">Shards that are not open.</param>
    /// <param name="own">Their progress in each partition.</param>
    /// <param name="atStart">Whether nothing was delivered yet.</param>
    /// <param name="epochOf">The epoch of a shard; null: 0.</param>
    /// <param name="entitiesOf">How many entities of a type a shard has; null: none.</param>
    internal void OpenShards(
        ShardSet shards,
        ReadOnlySpan<PartitionProgress> own,
        bool atStart,
        Func<int, long>? epochOf = null,
        Func<int, EntityPlan, long>? entitiesOf = null)
    {
        foreach (int shard in shards.Shards())
        {
            Volatile.Write(ref _epochs[shard], epochOf?.Invoke(shard) ?? 0);
        }

        // A part goes to shards that have positions, and so finds their entities open. Queries wait for the end.
        Interlocked.Increment(ref _openings);
        try
        {
            foreach (EntityTable table in _tables)
            {
                foreach (int shard in shards.Shards())
                {
                    table.Shards[shard].Open(entitiesOf?.Invoke(shard, table.Plan) ?? 0);
                }
            }

            Positions.OpenShards(shards, own, atStart);
        }
        finally
        {
            Interlocked.Increment(ref _openings);
        }
    }

    /// <summary>Closes shards and forgets their entities. Never while a checkpoint is made.</summary>
    internal void CloseShards(ShardSet shards)
    {
        foreach (EntityTable table in _tables)
        {
            foreach (int shard in shards.Shards())
            {
                table.Shards[shard].Close();
            }
        }

        Positions.CloseShards(shards);
    }

    /// <inheritdoc/>
    public ValueTask ApplyAsync(EventBatch batch, CancellationToken cancellationToken) =>
        ApplyAsync(batch, ShardSet.All(Positions.ShardCount), null, cancellationToken);

    /// <summary>Applies what the reader of a partition has read to the open shards.</summary>
    /// <param name="events">The events; when a call has failed, the next goes on with the same.</param>
    /// <param name="covered">The shards of which they have everything.</param>
    /// <param name="others">Takes the events of other processes' shards; null: there are none.</param>
    /// <param name="cancellationToken">Ends the wait for memory and look-ups.</param>
    internal async ValueTask ApplyAsync(
        EventCursor events, ShardSet covered, OutgoingEvents? others, CancellationToken cancellationToken)
    {
        int partition = Positions.IndexOf(events.Partition);
        if (partition < 0)
        {
            await _router.ApplyAsync(events, Positions.Open, others, cancellationToken);
            return;
        }

        if (!events.IsUnderWay)
        {
            Abandon(events.Partition); // Of a part that its reader has given up.
        }

        _parts[partition] ??= await Positions.BeginAsync(
            partition, events.From, events.To, covered, cancellationToken);
        await _router.ApplyAsync(events, Positions.TakingOf(_parts[partition]!), others, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask CompleteAsync(
        TopicPartition partition, Delivered delivered, CancellationToken cancellationToken) =>
        CompleteAsync(partition, delivered, ShardSet.All(Positions.ShardCount), cancellationToken);

    /// <summary>Ends a part of a partition; one without events has not begun.</summary>
    internal async ValueTask CompleteAsync(
        TopicPartition partition, Delivered delivered, ShardSet covered, CancellationToken cancellationToken)
    {
        int index = Positions.IndexOf(partition);
        if (index < 0)
        {
            return;
        }

        ShardPart? part = Interlocked.Exchange(ref _parts[index], null);
        if (part is null && delivered.To > delivered.From)
        {
            part = await Positions.BeginAsync(index, delivered.From, delivered.To, covered, cancellationToken);
        }

        if (part is null)
        {
            Positions.NoteEnd(index, delivered);
        }
        else
        {
            Positions.End(part, delivered);
        }
    }

    /// <inheritdoc/>
    public void Abandon(TopicPartition partition)
    {
        int index = Positions.IndexOf(partition);
        if (index >= 0 && Interlocked.Exchange(ref _parts[index], null) is { } part)
        {
            Positions.Abandon(part);
        }
    }

    /// <summary>Applies events to given shards, whose positions are the caller's affair.</summary>
    internal ValueTask RouteAsync(EventCursor events, ShardSet shards, CancellationToken cancellationToken) =>
        _router.ApplyAsync(events, shards, null, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask WaitForPositionsAsync(ContextQuery query, CancellationToken cancellationToken)
    {
        if (query.PositionsMin.IsDefaultOrEmpty)
        {
            return;
        }

        using var limit = new CancellationTokenSource(ContextReader.PositionWaitMax, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        foreach ((TopicPartition partition, long offset) in query.PositionsMin)
        {
            int index = Positions.IndexOf(partition);
            try
            {
                await (index < 0 ? default : Positions.WaitForAsync(index, offset, query, _time, either.Token));
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw new TimeoutException(
                    $"min_position: {partition.Topic}/{partition.Partition} has not reached offset {offset} within "
                    + $"{ContextReader.PositionWaitMax.TotalSeconds:F0} s.");
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask ReadAsync(ContextQuery query, ContextAnswer answer, CancellationToken cancellationToken)
    {
        answer.Start(query);
        ReadScratch scratch = _reads.Take();
        ValueTask read = ReadHereAsync(query, answer, scratch, cancellationToken);
        if (!read.IsCompletedSuccessfully)
        {
            await read;
        }

        foreach (int index in scratch.Closed)
        {
            answer.MarkUnreached(index, "its shard is not open in this process", query.HeadMs);
        }

        _reads.Give(scratch);
    }

    /// <summary>As <see cref="ReadHereAsync"/>, once the entities have applied the query's minimum positions; a shard
    /// that comes in between is waited for again.</summary>
    /// <exception cref="TimeoutException">A position does not come.</exception>
    internal async ValueTask ReadReachedAsync(
        ContextQuery query, ContextAnswer answer, ReadScratch scratch, CancellationToken cancellationToken)
    {
        while (true)
        {
            await WaitForPositionsAsync(query, cancellationToken);
            answer.Start(query);
            await ReadHereAsync(query, answer, scratch, cancellationToken);
            if (scratch.Closed.Count == query.Count || SourceReadings.Reaches(query, answer))
            {
                return;
            }

            await Task.Delay(ShardPositions.BehindPause, _time, cancellationToken);
        }
    }

    /// <summary>Answers for the entities of a query whose shards are open here, and notes their sources.</summary>
    /// <param name="query">The query.</param>
    /// <param name="answer">Takes the answers; it was made ready for the query.</param>
    /// <param name="scratch">Takes the places of entities whose shard is not open here.</param>
    /// <param name="cancellationToken">Ends the wait for look-ups.</param>
    internal ValueTask ReadHereAsync(
        ContextQuery query, ContextAnswer answer, ReadScratch scratch, CancellationToken cancellationToken)
    {
        int openings = Openings;
        scratch.Closed.Clear();
        SourceReadings.Note(Positions, query, answer, scratch.Rebuilding);
        ValueTask read = _queries.ReadAsync(query, answer, scratch.Closed, cancellationToken);
        if (!read.IsCompletedSuccessfully || openings != Openings)
        {
            return FinishAsync(read, openings, query, answer, scratch, cancellationToken);
        }

        Finish(query, answer, scratch);
        return default;
    }

    /// <inheritdoc/>
    public ValueTask FindChangedAsync(
        ContextQuery query, SourceVector since, List<int> changed, CancellationToken cancellationToken) =>
        FindChangedAsync(query, since, changed, [], cancellationToken);

    /// <summary>As the port says, for entities whose shards are open here.</summary>
    internal ValueTask FindChangedAsync(
        ContextQuery query,
        SourceVector since,
        List<int> changed,
        List<int> closed,
        CancellationToken cancellationToken) =>
        _queries.FindChangedAsync(query, since, changed, closed, cancellationToken);

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

    private async ValueTask FinishAsync(
        ValueTask read,
        int openings,
        ContextQuery query,
        ContextAnswer answer,
        ReadScratch scratch,
        CancellationToken cancellationToken)
    {
        await read;
        if (openings != Openings)
        {
            answer.Start(query);
            await ReadHereAsync(query, answer, scratch, cancellationToken);
            return;
        }

        Finish(query, answer, scratch);
    }

    private void Finish(ContextQuery query, ContextAnswer answer, ReadScratch scratch)
    {
        SourceReadings.NoteGaps(Positions.Process, answer);
        SourceReadings.MarkRebuilding(query, answer, scratch.Rebuilding, Positions.ShardCount);
    }

    /// <summary>What one query needs, reused by the next.</summary>
    internal sealed class ReadScratch
    {
        /// <summary>The places of entities whose shard is not open here.</summary>
        internal List<int> Closed { get; } = [];

        /// <summary>For each noted source the shards whose state is not yet what it was.</summary>
        internal List<ShardSet> Rebuilding { get; } = [];
    }
}
