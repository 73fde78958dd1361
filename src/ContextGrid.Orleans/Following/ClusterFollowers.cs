using ContextGrid.Core.Features.Plans;
using ContextGrid.Orleans.Entities;
using ContextGrid.Orleans.Ingestion;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;
using ContextGrid.Runtime.Shards;
using Microsoft.Extensions.Hosting;
using Orleans;
using Orleans.Runtime;

namespace ContextGrid.Orleans.Following;

/// <summary>
/// What this silo follows, wherever the entities are: they tell it of their changes, and it marks its own followers. It
/// asks all of them again and again, and after each change of the cluster's members, whether they know it and it has
/// heard everything; so what got lost is found. Thread-safe.
/// </summary>
internal sealed class ClusterFollowers(
    GridContext grid, IGrainFactory grains, ClusterView view, ClusterSources sources, TimeProvider time)
    : BackgroundService, IEntityObserver
{
    private const int CallsMax = 256;

    // About a thousand calls a second, so that following many entities leaves the silo to its work; and with few of
    // them resume tokens are young.
    private const int RestMsMin = 1_000;
    private const int RestMsMax = 30_000;

    private readonly EntityFollowers _local = new(grid.Plans);
    private readonly Signal _changed = new();
    private IEntityObserver _self = null!; // Set by the start, before anybody follows.
    private SourceVector _markedUpTo = SourceVector.Start;
    private long _told;

    /// <inheritdoc cref="IContextGrid.MarkedUpTo"/>
    internal SourceVector MarkedUpTo => Volatile.Read(ref _markedUpTo);

    /// <summary>How often an entity has told of a change, for tests.</summary>
    internal long Told => Volatile.Read(ref _told);

    /// <inheritdoc/>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        _self = grains.CreateObjectReference<IEntityObserver>(this);
        view.OnChange(_changed.Set);
        return base.StartAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<bool> ChangedAsync(GrainId entity)
    {
        Interlocked.Increment(ref _told);
        return new(grid.WorkOf(EntityName.TypeOf(entity.Key)) is { } work
            && _local.Mark(work.Plan, EntityName.KeyOf(entity.Key)));
    }

    /// <inheritdoc cref="IContextGrid.FollowAsync"/>
    internal async ValueTask FollowAsync(
        ContextQuery query, int first, ChangedEntities changed, CancellationToken cancellationToken)
    {
        _local.Follow(query, first, changed, begins: true);

        // Whoever can't be reached now is asked again by the next round.
        await Task.WhenAll(Enumerable.Range(0, query.Count).Select(
            i => AskAsync(query.Selections[query[i].Selection].Plan, query.Key(i).ToArray())))
            .WaitAsync(cancellationToken);
    }

    /// <inheritdoc cref="IContextGrid.Unfollow"/>
    internal void Unfollow(ContextQuery query, int first, ChangedEntities changed) =>
        _local.Follow(query, first, changed, begins: false);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            long seen = _changed.Version;
            int asked = await AskAllAsync(stoppingToken);
            TimeSpan rest = TimeSpan.FromMilliseconds(Math.Clamp(asked, RestMsMin, RestMsMax));
            await _changed.WaitAsync(seen, rest, time, stoppingToken);
        }
    }

    // Positions are noted before entities are asked: an entity that has applied an event, and says that this silo has
    // heard of everything, has told of that event. When one does not answer, the positions stay.
    private async Task<int> AskAllAsync(CancellationToken cancellationToken)
    {
        SourceVector positions = SourceVector.Of(sources.Progress);
        var calls = new Queue<Task<bool>>();
        (int asked, bool isWhole) = (0, true);
        foreach (EntityPlan plan in grid.Plans)
        {
            foreach (byte[] key in _local.KeysOf(plan))
            {
                isWhole &= calls.Count < CallsMax || await calls.Dequeue().WaitAsync(cancellationToken);
                calls.Enqueue(AskAsync(plan, key));
                asked++;
            }
        }

        while (calls.TryDequeue(out Task<bool>? call))
        {
            isWhole &= await call.WaitAsync(cancellationToken);
        }

        if (isWhole)
        {
            Volatile.Write(ref _markedUpTo, positions);
        }

        return asked;
    }

    // Marks the entity when something may have got lost; false: it can't be reached at present.
    private async Task<bool> AskAsync(EntityPlan plan, byte[] key)
    {
        try
        {
            if (!await grains.EntityOf(EntityName.Of(plan, key)).FollowAsync(_self))
            {
                _local.Mark(plan, key);
            }

            return true;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return false;
        }
    }
}
