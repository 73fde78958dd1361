using System.Collections.Concurrent;
using System.Collections.Immutable;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Core.Queries;
using ContextGrid.Core.Snapshots;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;
using ContextGrid.Runtime.Shards;

namespace ContextGrid.Runtime.Topology;

/// <summary>
/// One process among several that share the shards of a store: knows who owns what, brings events to their shards and
/// queries to their entities, and takes what other processes send. <see cref="ShardOwnership"/> moves the shards,
/// <see cref="PartitionReaders"/> reads the partitions of this process. Thread-safe.
/// </summary>
internal sealed class ClusterTopology : IContextGrid, IShardReceiver
{
    private readonly ShardEngine _engine;
    private readonly int _fieldsMax;
    private readonly ImmutableArray<FeatureSelections> _selections;
    private readonly RemoteQueries _queries;
    private readonly RemoteFollowers _followers;
    private readonly ConcurrentDictionary<TopicPartition, PartitionDelivery> _deliveries = new();
    private ShardRoutes _routes;

    /// <summary>Creates the topology of a process.</summary>
    /// <param name="definitions">The definitions.</param>
    /// <param name="engine">The shards of this process.</param>
    /// <param name="transport">Carries messages to other processes.</param>
    /// <param name="routes">Where the shards are.</param>
    /// <param name="time">The clock.</param>
    internal ClusterTopology(
        DefinitionSet definitions,
        ShardEngine engine,
        IShardTransport transport,
        ShardRoutes routes,
        TimeProvider time)
    {
        (Definitions, _engine, Transport, _routes, Time) = (definitions, engine, transport, routes, time);
        _fieldsMax = definitions.Events.Select(e => e.Fields.Length).DefaultIfEmpty(0).Max();
        _selections = [.. engine.Plans.Select(p => new FeatureSelections(p))];
        _queries = new RemoteQueries(this, engine);
        _followers = new RemoteFollowers(this, engine, _queries);
    }

    /// <inheritdoc/>
    public ImmutableArray<EntityPlan> Plans => _engine.Plans;

    /// <summary>The definitions in force.</summary>
    internal DefinitionSet Definitions { get; }

    /// <summary>Carries messages to other processes.</summary>
    internal IShardTransport Transport { get; }

    /// <summary>The clock.</summary>
    internal TimeProvider Time { get; }

    /// <summary>Where the shards are, as known; replaced as a whole.</summary>
    internal ShardRoutes Routes
    {
        get => Volatile.Read(ref _routes);
        set
        {
            if (value.Version >= Routes.Version)
            {
                Volatile.Write(ref _routes, value);
                RoutesChanged.Set();
            }
        }
    }

    /// <summary>Set when other routes are known.</summary>
    internal Signal RoutesChanged { get; } = new();

    /// <summary>Set when somebody knows a newer ownership than this process.</summary>
    internal Signal OwnershipChanged { get; } = new();

    /// <summary>Follows entities of other processes until cancelled.</summary>
    internal Task FollowAsync(CancellationToken cancellationToken) => _followers.RunAsync(cancellationToken);

    /// <summary>The delivery of a partition that this process reads.</summary>
    internal PartitionDelivery DeliveryOf(PartitionProgress reading) =>
        _deliveries[reading.Partition] = new PartitionDelivery(this, _engine, reading);

    /// <inheritdoc/>
    public ValueTask ApplyAsync(EventBatch batch, CancellationToken cancellationToken) =>
        _deliveries[batch.Partition].ApplyAsync(batch, cancellationToken);

    /// <inheritdoc/>
    public ValueTask CompleteAsync(
        TopicPartition partition, Delivered delivered, CancellationToken cancellationToken) =>
        _deliveries[partition].CompleteAsync(partition, delivered, cancellationToken);

    /// <inheritdoc/>
    public void Abandon(TopicPartition partition) => _deliveries[partition].Abandon(partition);

    /// <summary>Each process waits for the entities that it has, when it reads them.</summary>
    /// <inheritdoc/>
    public ValueTask WaitForPositionsAsync(ContextQuery query, CancellationToken cancellationToken) => default;

    /// <inheritdoc/>
    public ValueTask ReadAsync(ContextQuery query, ContextAnswer answer, CancellationToken cancellationToken) =>
        _queries.ReadAsync(query, answer, cancellationToken);

    /// <inheritdoc/>
    public ValueTask FindChangedAsync(
        ContextQuery query, SourceVector since, List<int> changed, CancellationToken cancellationToken) =>
        _queries.FindChangedAsync(query, since, changed, cancellationToken);

    /// <inheritdoc/>
    public ValueTask FollowAsync(
        ContextQuery query, int first, ChangedEntities changed, CancellationToken cancellationToken) =>
        _followers.FollowAsync(query, first, changed, cancellationToken);

    /// <inheritdoc/>
    public void Unfollow(ContextQuery query, int first, ChangedEntities changed) =>
        _followers.Unfollow(query, first, changed);

    /// <inheritdoc/>
    public SourceVector MarkedUpTo(ImmutableArray<PartitionProgress> progress) => _followers.MarkedUpTo;

    /// <inheritdoc/>
    public async ValueTask<ReadOnlyMemory<byte>> ReceiveAsync(
        string from, ShardMessage kind, ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
    {
        switch (kind)
        {
            case ShardMessage.Deliver:
                return (await TakeAsync(message)).ToBytes();
            case ShardMessage.Read:
                return await AnswerAsync(message, cancellationToken);
            case ShardMessage.FindChanged:
                return await CompareAsync(message, cancellationToken);
            case ShardMessage.OwnershipChanged:
                OwnershipChanged.Set();
                return default;
            default:
                throw new NotSupportedException($"This process does not know messages of kind {kind}.");
        }
    }

    /// <summary>Notes what a process has answered to a delivery.</summary>
    internal void SeeReply(in DeliveryReply reply)
    {
        if (reply.OwnershipVersion > Routes.Version)
        {
            OwnershipChanged.Set();
        }
    }

    // 1. The part is checked; 2. it is taken by the shards that it joins; 3. what they missed is told.
    private async ValueTask<DeliveryReply> TakeAsync(ReadOnlyMemory<byte> message)
    {
        (DeliveryHeader header, int eventsAt) = Header(message);
        if (header.PlansHash != _engine.PlansHash)
        {
            throw new SnapshotFormatException(
                "Events came from a process with other definitions. Start all processes with the same ones.");
        }

        if (header.OwnershipVersion > Routes.Version)
        {
            OwnershipChanged.Set();
        }

        ShardPositions positions = _engine.Positions;
        int index = FindPartition(header.Source);
        PartitionProgress process = positions.Process[index];
        process.StartOffset = Math.Max(process.StartOffset, header.StartOffset);
        foreach (OffsetGap gap in header.Gaps)
        {
            process.DeclareGap(gap);
        }

        Delivered delivered = header.Delivered;
        ShardPart part = await positions.BeginAsync(
            index, delivered.From, delivered.To, header.Covered, CancellationToken.None);
        ShardSet taken;
        try
        {
            var events = new DeliveryCursor(header, process.Partition, message[eventsAt..], _fieldsMax);
            await _engine.RouteAsync(events, positions.TakingOf(part), CancellationToken.None);
            taken = positions.End(part, delivered);
        }
        catch
        {
            // What was applied stays; the shards have missed the rest, and read it by themselves.
            positions.Abandon(part);
            throw;
        }

        return new DeliveryReply(Routes.Version, header.Covered.Intersect(positions.Open).Except(taken));
    }

    private static (DeliveryHeader Header, int EventsAt) Header(ReadOnlyMemory<byte> message)
    {
        var reader = new SnapshotReader(message.Span);
        DeliveryHeader header = DeliveryHeader.Read(ref reader);
        return (header, message.Length - reader.Remaining);
    }

    private int FindPartition(int source)
    {
        ImmutableArray<PartitionProgress> all = _engine.Positions.Process;
        for (int i = 0; i < all.Length; i++)
        {
            if (all[i].Source == source)
            {
                return i;
            }
        }

        throw new SnapshotFormatException(
            "Events came of a partition that this process does not know yet. It reads the topic's partitions again.");
    }

    private async ValueTask<ReadOnlyMemory<byte>> AnswerAsync(
        ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
    {
        var query = new ContextQuery();
        ReadMessage.Read(message.Span, _engine.PlansHash, query, _selections);
        await _engine.WaitForPositionsAsync(query, cancellationToken);
        query.NowMs = Time.GetUtcNow().ToUnixTimeMilliseconds();
        var answer = new ContextAnswer();
        var scratch = new ShardEngine.ReadScratch();
        await _engine.ReadReachedAsync(query, answer, scratch, cancellationToken);
        var writer = new SnapshotWriter();
        AnswerMessage.Write(writer, query, answer, scratch.Closed);
        return writer.Written.ToArray();
    }

    private async ValueTask<ReadOnlyMemory<byte>> CompareAsync(
        ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
    {
        var query = new ContextQuery();
        (ReadOnlyMemory<byte> inner, SourceVector since) = ComparisonMessage.Read(message);
        ReadMessage.Read(inner.Span, _engine.PlansHash, query, _selections);

        // Noted before the comparison: what comes later is found by the next one.
        while (true)
        {
            int openings = _engine.Openings;
            SourceVector upTo = SourceVector.Of(_engine.Positions, query);
            var (changed, closed) = (new List<int>(), new List<int>());
            await _engine.FindChangedAsync(query, since, changed, closed, cancellationToken);
            if (openings == _engine.Openings)
            {
                return ComparisonMessage.Answer(upTo, changed, closed);
            }
        }
    }
}
