using System.Collections.Immutable;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Core.Queries;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;
using ContextGrid.Runtime.Shards;

namespace ContextGrid.Runtime.Topology;

/// <summary>
/// Follows entities wherever they are. Those of this process are marked when an event is applied; the owners of the
/// others are asked again and again which of them have events after what was seen. So nothing of a follower is kept
/// elsewhere, and nothing gets lost with a process or a message. Thread-safe.
/// </summary>
internal sealed class RemoteFollowers
{
    // 50 comparisons a millisecond are a small part of a processor; with few entities a change is told in 20 ms.
    private const int EntitiesPerMs = 50;
    private const int RestMsMin = 20;
    private const int RestMsMax = 1_000;

    private readonly ClusterTopology _topology;
    private readonly ShardEngine _engine;
    private readonly RemoteQueries _queries;
    private readonly Signal _followed = new();
    private SourceVector _seen = SourceVector.Start;
    private SourceVector _markedUpTo = SourceVector.Start;

    internal RemoteFollowers(ClusterTopology topology, ShardEngine engine, RemoteQueries queries) =>
        (_topology, _engine, _queries) = (topology, engine, queries);

    /// <inheritdoc cref="IContextGrid.MarkedUpTo"/>
    internal SourceVector MarkedUpTo => Volatile.Read(ref _markedUpTo);

    /// <inheritdoc cref="IContextGrid.FollowAsync"/>
    internal ValueTask FollowAsync(
        ContextQuery query, int first, ChangedEntities changed, CancellationToken cancellationToken)
    {
        _engine.Followers.Follow(query, first, changed, begins: true);
        _followed.Set();
        return default;
    }

    /// <inheritdoc cref="IContextGrid.Unfollow"/>
    internal void Unfollow(ContextQuery query, int first, ChangedEntities changed) =>
        _engine.Followers.Follow(query, first, changed, begins: false);

    /// <summary>Asks until cancelled.</summary>
    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                long version = _followed.Version;
                int asked = await AskAllAsync(cancellationToken);
                if (asked == 0)
                {
                    await _followed.WaitAsync(
                        version, TimeSpan.FromMilliseconds(RestMsMax), _topology.Time, cancellationToken);
                }
                else
                {
                    int restMs = Math.Clamp(asked / EntitiesPerMs, RestMsMin, RestMsMax);
                    await Task.Delay(TimeSpan.FromMilliseconds(restMs), _topology.Time, cancellationToken);
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The process stops.
        }
    }

    // What is marked up to is noted before entities are looked at, by each process for its own.
    private async ValueTask<int> AskAllAsync(CancellationToken cancellationToken)
    {
        int openings = _engine.Openings;
        SourceVector upTo = SourceVector.Of(_engine.Positions);
        (int asked, bool isWhole) = (0, true);
        foreach ((string address, EntityPlan plan, List<byte[]> keys) in Elsewhere())
        {
            foreach (byte[][] some in keys.Chunk(ContextQuery.EntitiesMax))
            {
                asked += some.Length;
                if (await AskAsync(address, plan, some, cancellationToken) is { } seen)
                {
                    upTo = upTo.Earliest(seen);
                }
                else
                {
                    isWhole = false;
                }
            }
        }

        if (isWhole && openings == _engine.Openings)
        {
            _seen = upTo;
            Volatile.Write(ref _markedUpTo, upTo);
        }

        return asked;
    }

    private async ValueTask<SourceVector?> AskAsync(
        string address, EntityPlan plan, byte[][] keys, CancellationToken cancellationToken)
    {
        var query = new ContextQuery();
        query.Selections.Add(FeatureSelection.Of(plan, []));
        foreach (byte[] key in keys)
        {
            query.Add(0, key);
        }

        try
        {
            (SourceVector upTo, List<int> changed, List<int> closed) = await _queries.CompareAsync(
                address, query, [.. Enumerable.Range(0, keys.Length)], _seen, cancellationToken);
            foreach (int index in changed)
            {
                _engine.Followers.Mark(plan, keys[index]);
            }

            return closed.Count == 0 ? upTo : null;
        }
        catch (Exception e) when (e is not OutOfMemoryException && !cancellationToken.IsCancellationRequested)
        {
            return null; // Asked again with the same positions.
        }
    }

    private IEnumerable<(string Address, EntityPlan Plan, List<byte[]> Keys)> Elsewhere()
    {
        ShardRoutes routes = _topology.Routes;
        foreach (EntityPlan plan in _engine.Plans)
        {
            var byOwner = new Dictionary<int, List<byte[]>>();
            foreach (byte[] key in _engine.Followers.KeysOf(plan))
            {
                int at = routes.DestinationOf(ShardMap.ShardOf(key, _engine.Positions.ShardCount));
                if (at < 0)
                {
                    continue;
                }

                if (!byOwner.TryGetValue(at, out List<byte[]>? keys))
                {
                    byOwner[at] = keys = [];
                }

                keys.Add(key);
            }

            foreach ((int at, List<byte[]> keys) in byOwner)
            {
                yield return (routes.Others[at].Address, plan, keys);
            }
        }
    }
}
