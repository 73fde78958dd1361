using System.Collections.Concurrent;
using System.Collections.Immutable;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Core.Queries;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;
using ContextGrid.Runtime.Shards;
using ContextGrid.Runtime.Topology;

namespace ContextGrid.Orleans.Tests;

/// <summary>
/// The grid as a silo sees it, as the reader of the partitions that it is given: what is applied is applied on all
/// silos when the call returns.
/// </summary>
internal sealed class DeliveringGrid(SiloHost silo) : IContextGrid
{
    private readonly ClusterTopology _topology = ClusterFixture.TopologyOf(silo);
    private readonly ShardEngine _engine = silo.Shards.Grid;
    private readonly ConcurrentDictionary<TopicPartition, SemaphoreSlim> _gates = new();

    public ImmutableArray<EntityPlan> Plans => _topology.Plans;

    public async ValueTask ApplyAsync(EventBatch batch, CancellationToken cancellationToken)
    {
        SemaphoreSlim gate = _gates.GetOrAdd(batch.Partition, _ => new SemaphoreSlim(1, 1));
        await gate.WaitAsync(CancellationToken.None);
        try
        {
            await DeliverAsync(batch, cancellationToken);
        }
        catch
        {
            _engine.Abandon(batch.Partition);
            throw;
        }
        finally
        {
            gate.Release();
        }
    }

    public ValueTask CompleteAsync(
        TopicPartition partition, Delivered delivered, CancellationToken cancellationToken) => default;

    public void Abandon(TopicPartition partition)
    {
    }

    public ValueTask WaitForPositionsAsync(ContextQuery query, CancellationToken cancellationToken) =>
        _topology.WaitForPositionsAsync(query, cancellationToken);

    public ValueTask ReadAsync(ContextQuery query, ContextAnswer answer, CancellationToken cancellationToken) =>
        _topology.ReadAsync(OfThisSilo(query), answer, cancellationToken);

    public ValueTask FindChangedAsync(
        ContextQuery query, SourceVector since, List<int> changed, CancellationToken cancellationToken) =>
        _topology.FindChangedAsync(OfThisSilo(query), since, changed, cancellationToken);

    public ValueTask FollowAsync(
        ContextQuery query, int first, ChangedEntities changed, CancellationToken cancellationToken) =>
        _topology.FollowAsync(query, first, changed, cancellationToken);

    public void Unfollow(ContextQuery query, int first, ChangedEntities changed) =>
        _topology.Unfollow(query, first, changed);

    public SourceVector MarkedUpTo(ImmutableArray<PartitionProgress> progress) => _topology.MarkedUpTo(progress);

    // A suite asks with the plans of one silo, and each has its own.
    private ContextQuery OfThisSilo(ContextQuery query)
    {
        var own = new ContextQuery
        {
            Head = query.Head,
            HeadMs = query.HeadMs,
            NowMs = query.NowMs,
            Patience = query.Patience,
            PositionsMin = query.PositionsMin,
            Explained = query.Explained,
            TellsNextChange = query.TellsNextChange,
        };
        own.Selections.AddRange(query.Selections.Select(s => FeatureSelection.Of(
            Plans.Single(p => p.Definition.Name == s.Plan.Definition.Name), [.. s.Names])));
        for (int i = 0; i < query.Count; i++)
        {
            own.Add(query[i].Selection, query.Key(i));
        }

        return own;
    }

    private async Task DeliverAsync(EventBatch batch, CancellationToken cancellationToken)
    {
        ShardRoutes routes = _topology.Routes;
        var outgoing = new OutgoingDelivery([.. _topology.Definitions.Events.Select(e => e.Fields.Length)]);
        outgoing.Begin(routes);
        await _engine.ApplyAsync(batch, routes.Own, outgoing, cancellationToken);
        var delivered = new Delivered(batch.From, batch.To, batch.To, 0, 0, null);
        await _engine.CompleteAsync(batch.Partition, delivered, routes.Own, CancellationToken.None);
        PartitionProgress progress = _engine.Positions.Process[_engine.Positions.IndexOf(batch.Partition)];
        for (int i = 0; i < routes.Others.Length; i++)
        {
            var header = new DeliveryHeader(
                _engine.PlansHash, routes.Version, progress.Source, delivered, 0, [], routes.Covered[i]);
            ReadOnlyMemory<byte> reply = await _topology.Transport.CallAsync(
                routes.Others[i].Address, ShardMessage.Deliver, outgoing.MessageTo(i, header), CancellationToken.None);
            Assert.True(DeliveryReply.Read(reply.Span).Refused.IsEmpty, "Shards have refused a part.");
        }
    }
}
