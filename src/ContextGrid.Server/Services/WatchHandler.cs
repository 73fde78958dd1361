using System.Collections.Immutable;
using ContextGrid.Contracts.V1;
using ContextGrid.Runtime.Diagnostics;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;
using ContextGrid.Server.Grpc;
using ContextGrid.Server.Limits;

namespace ContextGrid.Server.Services;

/// <summary>ContextService.WatchContext: checks the request, keeps to the limits of all watches together, and runs the
/// watch. Thread-safe.</summary>
/// <param name="requests">Checks requests.</param>
/// <param name="contexts">Reads context.</param>
/// <param name="grid">Marks changed entities.</param>
/// <param name="progress">The positions of all sources.</param>
/// <param name="limits">How many watches and watched entities there may be.</param>
/// <param name="time">The clock.</param>
internal sealed class WatchHandler(
    ContextRequests requests,
    ContextHandlers contexts,
    IContextGrid grid,
    ImmutableArray<PartitionProgress> progress,
    ServerGates limits,
    TimeProvider time)
{
    /// <summary>The most entities of one watch.</summary>
    internal const int EntitiesMax = 10_000;

    /// <summary>The shortest interval: more often nobody can look.</summary>
    internal static readonly TimeSpan IntervalMin = TimeSpan.FromMilliseconds(10);

    private static readonly TimeSpan IntervalDefault = TimeSpan.FromMilliseconds(100);

    /// <summary>How many watches run.</summary>
    internal long Count => limits.Watches.Used;

    /// <summary>Runs a watch until its token is cancelled.</summary>
    /// <exception cref="GrpcException">The request is wrong.</exception>
    /// <exception cref="LimitReachedException">There are too many watches or watched entities.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled: the only other end.</exception>
    internal async ValueTask WatchAsync(
        WatchContextRequest request, IWatchSink sink, CancellationToken cancellationToken)
    {
        ContextRequests.Require(
            request.Entities.Count <= EntitiesMax,
            "entities",
            $"{request.Entities.Count} entities are to be watched; at most {EntitiesMax} are in one watch");
        await WithinAsync(limits.Watches, 1, () => WithinAsync(
            limits.WatchedEntities, request.Entities.Count, () => RunAsync(request, sink, cancellationToken)))
            .ConfigureAwait(false);
    }

    private static async Task WithinAsync(Limit limit, long amount, Func<Task> run)
    {
        limit.Take(amount);
        try
        {
            await run().ConfigureAwait(false);
        }
        finally
        {
            limit.Give(amount);
        }
    }

    private async Task RunAsync(WatchContextRequest request, IWatchSink sink, CancellationToken cancellationToken)
    {
        TimeSpan interval = request.MinInterval is null
            ? IntervalDefault
            : ContextRequests.Interval("min_interval", request.MinInterval);
        interval = interval < IntervalMin ? IntervalMin : interval;
        ResumeToken? seen = request.ResumeToken.IsEmpty ? null : ResumeToken.Parse(request.ResumeToken);
        using var watch = new Watch(request, Parts(request), contexts, grid, progress, sink, limits.Turns, time);
        await sink.BeginAsync().ConfigureAwait(false);
        await watch.RunAsync(seen, interval, cancellationToken).ConfigureAwait(false);
    }

    private List<ContextQuery> Parts(WatchContextRequest request)
    {
        var parts = new List<ContextQuery>();
        ContextRequests.Require(request.Entities.Count > 0, "entities", "name at least one entity");
        foreach (EntityRef[] chunk in request.Entities.Chunk(ContextQuery.EntitiesMax))
        {
            var query = new ContextQuery();
            requests.AddEntities(chunk, request.Features, query);
            parts.Add(query);
        }

        return parts;
    }
}
