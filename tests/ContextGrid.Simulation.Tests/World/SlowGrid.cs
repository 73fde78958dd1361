using System.Collections.Immutable;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;

namespace ContextGrid.Simulation.Tests.World;

/// <summary>A grid that takes its time before and after everything, as its port allows.</summary>
internal sealed class SlowGrid(IContextGrid grid, TimeProvider clock, Random random, TimeSpan most) : IContextGrid
{
    public ImmutableArray<EntityPlan> Plans => grid.Plans;

    public async ValueTask ApplyAsync(EventBatch batch, CancellationToken cancellationToken)
    {
        await WaitAsync();
        await grid.ApplyAsync(batch, cancellationToken);
        await WaitAsync();
    }

    public ValueTask CompleteAsync(
        TopicPartition partition, Delivered delivered, CancellationToken cancellationToken) =>
        grid.CompleteAsync(partition, delivered, cancellationToken);

    public void Abandon(TopicPartition partition) => grid.Abandon(partition);

    public ValueTask WaitForPositionsAsync(ContextQuery query, CancellationToken cancellationToken) =>
        grid.WaitForPositionsAsync(query, cancellationToken);

    public async ValueTask ReadAsync(ContextQuery query, ContextAnswer answer, CancellationToken cancellationToken)
    {
        await WaitAsync();
        await grid.ReadAsync(query, answer, cancellationToken);
        await WaitAsync();
    }

    public ValueTask FindChangedAsync(
        ContextQuery query, SourceVector since, List<int> changed, CancellationToken cancellationToken) =>
        grid.FindChangedAsync(query, since, changed, cancellationToken);

    public ValueTask FollowAsync(
        ContextQuery query, int first, ChangedEntities changed, CancellationToken cancellationToken) =>
        grid.FollowAsync(query, first, changed, cancellationToken);

    public void Unfollow(ContextQuery query, int first, ChangedEntities changed) =>
        grid.Unfollow(query, first, changed);

    public SourceVector MarkedUpTo(ImmutableArray<PartitionProgress> progress) => grid.MarkedUpTo(progress);

    private Task WaitAsync() => Task.Delay(most * random.NextDouble(), clock);
}
