using System.Collections.Frozen;
using ContextGrid.Runtime.Diagnostics;
using ContextGrid.Server.Grpc;

namespace ContextGrid.Server.Limits;

/// <summary>
/// The first thing that a gRPC call meets. Counts it until it is answered, and refuses what is too much with
/// RESOURCE_EXHAUSTED. HTTP needs none: a connection there has one request at a time. Thread-safe.
/// </summary>
/// <param name="calls">How many calls with one answer there may be.</param>
/// <param name="streams">How many calls with a stream.</param>
/// <param name="streaming">The paths of methods with a stream.</param>
internal sealed class CallGate(Limit calls, Limit streams, FrozenSet<string> streaming)
{
    /// <summary>The paths of the methods with a stream.</summary>
    internal static FrozenSet<string> StreamsOf(IEnumerable<GrpcService> services) => services
        .SelectMany(s => s.Methods).Where(m => m.Kind != GrpcMethodKind.Unary).Select(m => m.Path)
        .ToFrozenSet(StringComparer.Ordinal);

    /// <summary>Lets a call go on, or answers that there are too many.</summary>
    internal Task RunAsync(HttpContext http, RequestDelegate next)
    {
        if (!HttpProtocol.IsHttp2(http.Request.Protocol))
        {
            return next(http);
        }

        Limit limit = streaming.Contains(http.Request.Path.Value ?? "") ? streams : calls;
        if (limit.TryTake())
        {
            return CountedAsync(http, next, limit);
        }

        http.Response.ContentType = GrpcDispatcher.ContentType;
        GrpcErrors.TooMany(new LimitReachedException(limit)).WriteTo(http.Response.Headers);
        return Task.CompletedTask;
    }

    private static async Task CountedAsync(HttpContext http, RequestDelegate next, Limit limit)
    {
        try
        {
            await next(http).ConfigureAwait(false);
        }
        finally
        {
            limit.Give();
        }
    }
}
