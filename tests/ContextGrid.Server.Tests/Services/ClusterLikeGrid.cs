using System.Collections.Immutable;
using System.Text;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;

namespace ContextGrid.Server.Tests.Services;

/// <summary>A grid whose marks can be behind, and one of whose entities can be being rebuilt.</summary>
internal sealed class ClusterLikeGrid(IContextGrid grid) : IContextGrid
{
    private volatile SourceVector? _marked;
    private volatile string? _rebuilding;

    public ImmutableArray<EntityPlan> Plans => grid.Plans;

    /// <summary>How far marks have come; null: as far as events.</summary>
    internal SourceVector? Marked
    {
        get => _marked;
        set => _marked = value;
    }

    /// <summary>The key of the entity that is being rebuilt.</summary>
    internal string? Rebuilding
    {
        get => _rebuilding;
        set => _rebuilding = value;
    }

    public ValueTask ApplyAsync(EventBatch batch, CancellationToken cancellationToken) =>
        grid.ApplyAsync(batch, cancellationToken);

    public ValueTask CompleteAsync(
        TopicPartition partition, Delivered delivered, CancellationToken cancellationToken) =>
        grid.CompleteAsync(partition, delivered, cancellationToken);

    public void Abandon(TopicPartition partition) => grid.Abandon(partition);

    public ValueTask WaitForPositionsAsync(ContextQuery query, CancellationToken cancellationToken) =>
        grid.WaitForPositionsAsync(query, cancellationToken);

    public async ValueTask ReadAsync(ContextQuery query, ContextAnswer answer, CancellationToken cancellationToken)
    {
        await grid.ReadAsync(query, answer, cancellationToken);
        for (int i = 0; i < query.Count; i++)
        {
            if (Encoding.UTF8.GetString(query.Key(i)) == Rebuilding)
            {
                answer.MarkRebuilding(i);
            }
        }
    }

    public ValueTask FindChangedAsync(
        ContextQuery query, SourceVector since, List<int> changed, CancellationToken cancellationToken) =>
        grid.FindChangedAsync(query, since, changed, cancellationToken);

    public ValueTask FollowAsync(
        ContextQuery query, int first, ChangedEntities changed, CancellationToken cancellationToken) =>
        grid.FollowAsync(query, first, changed, cancellationToken);

    public void Unfollow(ContextQuery query, int first, ChangedEntities changed) =>
        grid.Unfollow(query, first, changed);

    public SourceVector MarkedUpTo(ImmutableArray<PartitionProgress> progress) => Marked ?? grid.MarkedUpTo(progress);
}
