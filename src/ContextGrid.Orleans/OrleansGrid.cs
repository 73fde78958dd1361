using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Core.Model;
using ContextGrid.Core.Queries;
using ContextGrid.Orleans.Entities;
using ContextGrid.Orleans.Following;
using ContextGrid.Orleans.Ingestion;
using ContextGrid.Orleans.Wire;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;
using ContextGrid.Runtime.Shards;
using Orleans;

namespace ContextGrid.Orleans;

/// <summary>The grid on a cluster: each entity is a grain, wherever it is.</summary>
internal sealed class OrleansGrid(
    GridContext grid,
    IGrainFactory grains,
    ClusterSources sources,
    ClusterFollowers followers,
    TimeProvider time) : IContextGrid
{
    private readonly ConcurrentDictionary<TopicPartition, EntityDelivery> _deliveries = new();

    /// <inheritdoc/>
    public ImmutableArray<EntityPlan> Plans => grid.Plans;

    /// <inheritdoc/>
    public ValueTask ApplyAsync(EventBatch batch, CancellationToken cancellationToken) => _deliveries
        .GetOrAdd(batch.Partition, _ => new EntityDelivery(grid, grains, new UncommittedEntities()))
        .ApplyAsync(batch, cancellationToken);

    /// <inheritdoc/>
    public ValueTask CompleteAsync(
        TopicPartition partition, Delivered delivered, CancellationToken cancellationToken) => default;

    /// <inheritdoc/>
    public void Abandon(TopicPartition partition)
    {
        // Each entity has what was brought to it.
    }

    /// <inheritdoc/>
    public async ValueTask WaitForPositionsAsync(ContextQuery query, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(ContextReader.PositionWaitMax, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        foreach ((TopicPartition partition, long offset) in query.PositionsMin.IsDefault ? [] : query.PositionsMin)
        {
            try
            {
                await sources.Progress.First(p => p.Partition == partition).WaitForAsync(offset, either.Token);
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
        string[]?[] features = [.. query.Selections.Select(Features)];
        using var calls = new EntityCalls(
            query.Count,
            i => (GrainOf(query, i), new EntityQuery(
                query.Head, query.HeadMs, features[query[i].Selection], query.Explained, query.TellsNextChange)),
            query.Patience, time, cancellationToken);

        // What is verified is read before what is answered.
        long[] verified = [.. query.Selections.Select(s => sources.VerifiedVersionOf(s.Plan))];
        answer.Start(query);
        SourceReadings.Note(sources.Progress, query, answer);
        for (int i = 0; i < query.Count; i++)
        {
            (AnswerBlock block, string? why) = await calls.EndAsync(i, cancellationToken);
            if (why is not null)
            {
                answer.MarkUnreached(i, why, query.HeadMs);
                continue;
            }

            block.CopyTo(i, answer, query.TellsNextChange);
            if (block.LossVersion > verified[query[i].Selection])
            {
                answer.MarkRebuilding(i);
            }
        }

        SourceReadings.NoteGaps(sources.Progress, answer);
        SourceReadings.MarkRebuilding(query, answer, [], ShardMap.CountDefault);
        if (query.Count > 0 && answer.Unreached.Count == query.Count)
        {
            throw new SnapshotStoreException($"No entity of the query can be reached: {answer.Unreached[0].Why}");
        }
    }

    /// <inheritdoc/>
    public async ValueTask FindChangedAsync(
        ContextQuery query, SourceVector since, List<int> changed, CancellationToken cancellationToken)
    {
        using var calls = new EntityCalls(
            query.Count, i => (GrainOf(query, i), new EntityQuery(QueryHead.Newest, 0, [], -1)), null, time,
            cancellationToken);
        var answer = new ContextAnswer();
        for (int i = 0; i < query.Count; i++)
        {
            (AnswerBlock block, string? why) = await calls.EndAsync(i, cancellationToken);
            if (why is not null)
            {
                throw new SnapshotStoreException($"An entity of the query can't be reached: {why}");
            }

            FeatureSelection selection = query.Selections[query[i].Selection];
            var one = new ContextQuery();
            one.Selections.Add(FeatureSelection.Of(selection.Plan, []));
            one.Add(0, query.Key(i));
            answer.Start(one);
            block.CopyTo(0, answer, tellsNextChange: false);
            if (since.IsBefore(selection.Plan, answer.Positions(0)))
            {
                changed.Add(i);
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask FollowAsync(
        ContextQuery query, int first, ChangedEntities changed, CancellationToken cancellationToken) =>
        followers.FollowAsync(query, first, changed, cancellationToken);

    /// <inheritdoc/>
    public void Unfollow(ContextQuery query, int first, ChangedEntities changed) =>
        followers.Unfollow(query, first, changed);

    /// <inheritdoc/>
    public SourceVector MarkedUpTo(ImmutableArray<PartitionProgress> progress) => followers.MarkedUpTo;

    private IEntityGrain GrainOf(ContextQuery query, int index) => grains.EntityOf(
        EntityName.Of(query.Selections[query[index].Selection].Plan, query.Key(index)));

    // The array is only read.
    private static string[]? Features(FeatureSelection selection) =>
        selection.IsAll ? null : ImmutableCollectionsMarshal.AsArray(selection.Names);
}
