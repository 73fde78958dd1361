using ContextGrid.Contracts.V1;
using ContextGrid.Server.Grpc;
using ContextGrid.Server.Services;
using Google.Protobuf;

namespace ContextGrid.Server.Http;

/// <summary><c>GET /v1/watch</c>: context and its changes as server-sent events, by the watch of gRPC. Ends with the
/// client, with the server, or after an hour; browsers then connect again and go on where they were. Thread-safe.
/// </summary>
/// <param name="watch">The watch.</param>
/// <param name="time">The clock.</param>
/// <param name="stopping">Cancelled when the server begins to stop.</param>
internal sealed class WatchRoute(WatchHandler watch, TimeProvider time, CancellationToken stopping)
{
    /// <summary>The content type of server-sent events.</summary>
    internal const string ContentType = "text/event-stream";

    /// <summary>The most keys in one watch: they stand in the URL.</summary>
    internal const int KeysMax = 100;

    private static readonly TimeSpan LifeMax = TimeSpan.FromHours(1);
    private static readonly TimeSpan BeatInterval = TimeSpan.FromSeconds(15);

    internal void Map(IEndpointRouteBuilder routes) => routes.MapRead("/v1/watch", WatchAsync);

    private async Task WatchAsync(HttpContext http)
    {
        WatchContextRequest request = Request(http);
        if (HttpMethods.IsHead(http.Request.Method))
        {
            http.Response.ContentType = ContentType;
            return;
        }

        using var sink = new SseWatchSink(http);
        using var life = new CancellationTokenSource(LifeMax, time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(life.Token, stopping, http.RequestAborted);
        Task beats = BeatAsync(sink, http, end.Token);
        try
        {
            await watch.WatchAsync(request, sink, end.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // The ordinary end of a watch.
        }
        catch (Exception e) when (http.Response.HasStarted)
        {
            await sink.FailAsync(HttpErrors.From(e, isAborted: false, out _)).ConfigureAwait(false);
        }
        finally
        {
            await end.CancelAsync().ConfigureAwait(false);
            await beats.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task BeatAsync(SseWatchSink sink, HttpContext http, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(BeatInterval, time);
        while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
        {
            if (http.Response.HasStarted)
            {
                await sink.BeatAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static WatchContextRequest Request(HttpContext http)
    {
        IQueryCollection query = http.Request.Query;
        string type = query["type"].ToString();
        ContextRequests.Require(type.Length > 0, "type", "name the entity type, as in ?type=user&key=u1");
        ContextRequests.Require(query["key"].Count > 0, "key", "name at least one key, as in ?type=user&key=u1");
        ContextRequests.Require(
            query["key"].Count <= KeysMax,
            "key",
            $"{query["key"].Count} keys are to be watched; at most {KeysMax} are here, more by gRPC");
        var request = new WatchContextRequest();
        request.Entities.AddRange(query["key"].Select(key => new EntityRef { Type = type, Key = key ?? "" }));
        foreach (string? features in query["features"])
        {
            // Blanks go, and nothing else: another name of blanks is one that nobody has, and must not mean all.
            request.Features.AddRange((features ?? "").Split(',').Select(f => f.Trim(' ')).Where(f => f.Length > 0));
        }

        string token = http.Request.Headers["Last-Event-ID"].ToString();
        request.ResumeToken = token.Length == 0 ? ByteString.Empty : Token(token);
        return request;
    }

    private static ByteString Token(string text)
    {
        try
        {
            return ByteString.FromBase64(text);
        }
        catch (FormatException)
        {
            throw new GrpcException(
                GrpcStatus.InvalidArgument,
                "Last-Event-ID: the text is not the id of an event of this service. Watch without it.");
        }
    }
}
