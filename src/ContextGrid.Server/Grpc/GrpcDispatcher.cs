using System.Collections.Frozen;

namespace ContextGrid.Server.Grpc;

/// <summary>
/// Serves the gRPC port: an HTTP/2 request comes in from Kestrel, its path names the method, the method reads messages,
/// runs the handler and writes messages, and the status leaves in the trailers. Thread-safe. A handler that throws ends
/// its own call and nothing else.
/// Source: gRPC over HTTP/2 (grpc/grpc, doc/PROTOCOL-HTTP2.md).
/// </summary>
public sealed partial class GrpcDispatcher
{
    internal const string ContentType = "application/grpc";

    // Kestrel's own limit of a request body; ours must be the one that a client meets.
    private const int KestrelBodyBytesMax = 30_000_000 - GrpcFraming.PrefixBytes;

    private readonly FrozenDictionary<string, GrpcMethod> _methods;
    private readonly GrpcOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<GrpcDispatcher> _logger;
    private readonly CancellationToken _stopping;
    private readonly Action<GrpcMethod, GrpcStatus, TimeSpan>? _ended;

    /// <summary>Creates the dispatcher.</summary>
    /// <param name="services">The services; later changes to them have no effect.</param>
    /// <param name="options">Limits.</param>
    /// <param name="time">The clock of deadlines.</param>
    /// <param name="logger">Takes the faults of handlers.</param>
    /// <param name="stopping">Cancelled when the server begins to stop: calls with a stream then end with UNAVAILABLE,
    /// so that a watcher does not hold the server up; unary calls are finished.</param>
    /// <param name="ended">Hears of the end of every call and how long it took; must not throw.</param>
    /// <exception cref="ArgumentException">Two services have the same name.</exception>
    public GrpcDispatcher(
        IEnumerable<GrpcService> services,
        GrpcOptions options,
        TimeProvider time,
        ILogger<GrpcDispatcher> logger,
        CancellationToken stopping = default,
        Action<GrpcMethod, GrpcStatus, TimeSpan>? ended = null)
    {
        _ended = ended;
        _stopping = stopping;
        _methods = services.SelectMany(s => s.Methods).ToFrozenDictionary(m => m.Path, StringComparer.Ordinal);
        _options = options;
        _time = time;
        _logger = logger;
    }

    /// <summary>Serves one HTTP request. Never throws for what a client sends or a handler does.</summary>
    /// <param name="http">The request. One that is not gRPC at all is answered by an HTTP status: 505, 405 or 415.
    /// </param>
    public Task InvokeAsync(HttpContext http)
    {
        if (RefuseForeign(http))
        {
            return Task.CompletedTask;
        }

        var path = http.Request.Path.Value ?? "";
        if (!_methods.TryGetValue(path, out var method))
        {
            http.Response.ContentType = ContentType;
            GrpcErrors.Unimplemented(path).WriteTo(http.Response.Headers);
            return Task.CompletedTask;
        }

        var stopping = method.Kind == GrpcMethodKind.Unary ? default : _stopping;
        return RunAsync(method, new GrpcCallContext(http, method.Path, _options, _time, stopping));
    }

    private async Task RunAsync(GrpcMethod method, GrpcCallContext call)
    {
        GrpcOutcome outcome;
        try
        {
            call.Begin();
            if (method.Kind != GrpcMethodKind.Unary || _options.ReceiveBytesMax > KestrelBodyBytesMax)
            {
                call.LiftBodyLimits();
            }

            call.RequireTime();
            await method.RunAsync(call).ConfigureAwait(false);
            outcome = call.IsDeadlineExceeded ? GrpcErrors.DeadlineExceeded : GrpcOutcome.Ok;
        }
        catch (Exception e)
        {
            outcome = GrpcErrors.From(e, call, out var isUnexpected);
            if (isUnexpected)
            {
                LogFailed(method.Path, e);
            }
        }

        call.Release();
        call.Finish(outcome);
        _ended?.Invoke(method, outcome.Status, call.Elapsed);
    }

    /// <summary>Answers requests that are not gRPC.</summary>
    private static bool RefuseForeign(HttpContext http)
    {
        var request = http.Request;
        if (request.ContentType is { } type
            && type.StartsWith(ContentType, StringComparison.OrdinalIgnoreCase)
            && (type.Length == ContentType.Length || IsProto(type.AsSpan(ContentType.Length)))
            && HttpMethods.IsPost(request.Method)
            && HttpProtocol.IsHttp2(request.Protocol))
        {
            return false;
        }

        http.Response.StatusCode =
            !HttpProtocol.IsHttp2(request.Protocol) ? StatusCodes.Status505HttpVersionNotsupported
            : !HttpMethods.IsPost(request.Method) ? StatusCodes.Status405MethodNotAllowed
            : StatusCodes.Status415UnsupportedMediaType;
        return true;
    }

    // After "application/grpc": "+proto", a parameter, or both. Other message formats, such as "+json", are refused.
    private static bool IsProto(ReadOnlySpan<char> suffix)
    {
        if (suffix.StartsWith("+proto", StringComparison.OrdinalIgnoreCase))
        {
            suffix = suffix["+proto".Length..];
        }

        suffix = suffix.TrimStart(' ');
        return suffix.IsEmpty || suffix[0] == ';';
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The gRPC call {Method} failed.")]
    private partial void LogFailed(string method, Exception exception);
}
