using System.Collections.Immutable;
using ContextGrid.Contracts.V1;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;
using ContextGrid.Server.Grpc;
using Google.Protobuf;

namespace ContextGrid.Server.Services;

/// <summary>
/// ContextService.WatchContext. A watch is a loop that looks, at most once an interval, which of its entities have
/// newer events than it has sent, and sends those: changes merge by themselves, a slow client slows only its own loop,
/// and nothing is queued. The resume token is the positions that the client has seen.
/// </summary>
/// <param name="requests">Checks requests.</param>
/// <param name="contexts">Reads context.</param>
/// <param name="grid">Finds changed entities.</param>
/// <param name="progress">The positions of all sources.</param>
/// <param name="time">The clock.</param>
internal sealed class WatchHandler(
    ContextRequests requests,
    ContextHandlers contexts,
    IContextGrid grid,
    ImmutableArray<PartitionProgress> progress,
    TimeProvider time)
{
    /// <summary>The most entities of one watch.</summary>
    internal const int EntitiesMax = 10_000;

    /// <summary>The most watches at a time: each looks at its entities some times a second.</summary>
    internal const int WatchesMax = 1_000;

    private static readonly TimeSpan IntervalMin = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan IntervalDefault = TimeSpan.FromMilliseconds(100);

    private int _watches;

    /// <summary>How many watches run.</summary>
    internal int Count => Volatile.Read(ref _watches);

    /// <summary>Runs a watch until its token is cancelled.</summary>
    /// <exception cref="GrpcException">The request is wrong, or there are too many watches.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled: the only other end.</exception>
    internal async ValueTask WatchAsync(
        WatchContextRequest request, IWatchSink sink, CancellationToken cancellationToken)
    {
        if (Interlocked.Increment(ref _watches) > WatchesMax)
        {
            Interlocked.Decrement(ref _watches);
            throw new GrpcException(
                GrpcStatus.ResourceExhausted,
                $"{WatchesMax} watches run already; end one, or watch more entities in one.",
                GrpcErrorDetails.ErrorInfo("TOO_MANY_WATCHES"));
        }

        try
        {
            await RunAsync(request, sink, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref _watches);
        }
    }

    private async Task RunAsync(WatchContextRequest request, IWatchSink sink, CancellationToken cancellationToken)
    {
        ContextRequests.Require(
            request.Entities.Count <= EntitiesMax,
            "entities",
            $"{request.Entities.Count} entities are to be watched; at most {EntitiesMax} are in one watch");
        TimeSpan interval = request.MinInterval is null
            ? IntervalDefault
            : ContextRequests.Interval("min_interval", request.MinInterval);
        interval = interval < IntervalMin ? IntervalMin : interval;
        List<ContextQuery> parts = Parts(request);
        SourceVector seen = request.ResumeToken.IsEmpty ? SourceVector.Start : ResumeToken.Parse(request.ResumeToken);
        await sink.BeginAsync().ConfigureAwait(false);

        // Without a token the client gets everything first, also entities that were never seen.
        bool isRebuilding = IsRebuilding();
        SourceVector now = SourceVector.Of(progress);
        if (request.ResumeToken.IsEmpty)
        {
            await SendAllAsync(request, now, sink, cancellationToken).ConfigureAwait(false);
            seen = now;
        }

        await FollowAsync(request, parts, seen, isRebuilding, interval, sink, cancellationToken).ConfigureAwait(false);
    }

    private async Task FollowAsync(
        WatchContextRequest request,
        List<ContextQuery> parts,
        SourceVector seen,
        bool isRebuilding,
        TimeSpan interval,
        IWatchSink sink,
        CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(interval, time);
        do
        {
            bool wasRebuilding = isRebuilding;
            isRebuilding = IsRebuilding();

            // A client that comes back after a crash may have seen more than the state has again: it is shown nothing
            // older than that.
            SourceVector now = seen.Latest(SourceVector.Of(progress));
            if (wasRebuilding && !isRebuilding)
            {
                // Also values that did not change are complete from now on, which the client must learn.
                await SendAllAsync(request, now, sink, cancellationToken).ConfigureAwait(false);
                seen = now;
            }
            else if (!now.Matches(seen))
            {
                await SendChangedAsync(request, parts, seen, now, sink, cancellationToken).ConfigureAwait(false);
                seen = now;
            }
        }
        while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false));
    }

    private bool IsRebuilding() => progress.Any(p => p.IsRebuilding);

    private async ValueTask SendAllAsync(
        WatchContextRequest request, SourceVector now, IWatchSink sink, CancellationToken cancellationToken)
    {
        foreach (EntityRef[] chunk in request.Entities.Chunk(ContextQuery.EntitiesMax))
        {
            await SendAsync(request, chunk, now, sink, cancellationToken).ConfigureAwait(false);
        }
    }

    private async ValueTask SendChangedAsync(
        WatchContextRequest request,
        List<ContextQuery> parts,
        SourceVector seen,
        SourceVector now,
        IWatchSink sink,
        CancellationToken cancellationToken)
    {
        var changed = new List<int>();
        for (int p = 0; p < parts.Count; p++)
        {
            changed.Clear();
            await grid.FindChangedAsync(parts[p], seen, changed, cancellationToken).ConfigureAwait(false);
            if (changed.Count > 0)
            {
                int first = p * ContextQuery.EntitiesMax;
                EntityRef[] entities = [.. changed.Select(i => request.Entities[first + i])];
                await SendAsync(request, entities, p == parts.Count - 1 ? now : seen, sink, cancellationToken)
                    .ConfigureAwait(false);
            }
        }
    }

    private async ValueTask SendAsync(
        WatchContextRequest request,
        IReadOnlyList<EntityRef> entities,
        SourceVector token,
        IWatchSink sink,
        CancellationToken cancellationToken)
    {
        var query = new GetContextRequest();
        query.Entities.AddRange(entities);
        query.Features.AddRange(request.Features);
        await sink.WriteAsync(new WatchContextResponse
        {
            Context = await contexts.GetContextAsync(query, cancellationToken).ConfigureAwait(false),
            ResumeToken = ByteString.CopyFrom(token.ToBytes()),
        }).ConfigureAwait(false);
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
