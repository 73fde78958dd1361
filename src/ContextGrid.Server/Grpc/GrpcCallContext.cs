using System.Globalization;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace ContextGrid.Server.Grpc;

/// <summary>
/// One call, as its handler sees it: metadata of both directions, deadline and cancellation. Lives as long as the call.
/// Used by one thread at a time; a handler that works on several reads <see cref="CancellationToken"/> before.
/// </summary>
public sealed class GrpcCallContext
{
    private readonly HttpContext _http;
    private readonly TimeProvider _time;
    private readonly CancellationToken _stopping;
    private readonly long _started;
    private TimeSpan? _timeout;
    private CancellationTokenSource? _endSource;
    private CancellationTokenRegistration _abortRegistration, _stopRegistration;
    private GrpcMetadata? _requestHeaders, _responseHeaders, _responseTrailers;
    private bool _headersApplied;
    private bool _acceptsGzip;

    internal GrpcCallContext(
        HttpContext http, string method, GrpcOptions options, TimeProvider time, CancellationToken stopping)
    {
        _stopping = stopping;
        _http = http;
        _time = time;
        _started = time.GetTimestamp();
        Method = method;
        Options = options;
        Requests = new GrpcRequestBody(this, http.Request.BodyReader);
        Responses = new GrpcResponseBody(this, http.Response.BodyWriter);
    }

    /// <summary>The full name of the method, such as <c>/contextgrid.v1.ContextService/GetContext</c>.</summary>
    public string Method { get; }

    /// <summary>Who calls, such as <c>127.0.0.1:40312</c>.</summary>
    public string Peer => string.Create(
        CultureInfo.InvariantCulture, $"{_http.Connection.RemoteIpAddress}:{_http.Connection.RemotePort}");

    /// <summary>The custom metadata that the client sent.</summary>
    /// <exception cref="GrpcException">INTERNAL: a binary value is not base64.</exception>
    public GrpcMetadata RequestHeaders => _requestHeaders ??= GrpcMetadata.From(_http.Request.Headers);

    /// <summary>Metadata to send before the first message; what is added after that is not sent.</summary>
    public GrpcMetadata ResponseHeaders => _responseHeaders ??= new GrpcMetadata();

    /// <summary>Metadata to send with the status, whatever the status is.</summary>
    public GrpcMetadata ResponseTrailers => _responseTrailers ??= new GrpcMetadata();

    /// <summary>The time that the client gives the call from its arrival on; null: it waits for ever.</summary>
    public TimeSpan? Timeout => _timeout;

    /// <summary>What is left until the deadline, not negative; null: there is no deadline.</summary>
    public TimeSpan? Remaining => _timeout is { } timeout
        ? TimeSpan.FromTicks(Math.Max(0, (timeout - _time.GetElapsedTime(_started)).Ticks))
        : null;

    /// <summary>Cancelled when the deadline passes, the client gives the call up, or, for a call with a stream, the
    /// server begins to stop. Created when first asked for, since most calls end before anyone does.</summary>
    public CancellationToken CancellationToken => EndsByItself ? _http.RequestAborted : EndToken();

    /// <summary>Whether the newest request message came compressed.</summary>
    public bool RequestWasCompressed { get; internal set; }

    /// <summary>Whether the next responses are compressed; null, the default: as the server's options say. True has an
    /// effect only for a client that accepts gzip. The first response decides whether the call may compress at all.
    /// </summary>
    public bool? CompressResponse { get; set; }

    /// <summary>The time since the call came in.</summary>
    internal TimeSpan Elapsed => _time.GetElapsedTime(_started);

    /// <summary>The server's limits.</summary>
    internal GrpcOptions Options { get; }

    internal GrpcRequestBody Requests { get; }

    internal GrpcResponseBody Responses { get; }

    /// <summary>Whether the client announced gzip for its messages.</summary>
    internal bool RequestIsGzip { get; private set; }

    /// <summary>Whether the client is gone, so that no status reaches it.</summary>
    internal bool IsAborted => _http.RequestAborted.IsCancellationRequested;

    /// <summary>Whether the deadline has passed.</summary>
    internal bool IsDeadlineExceeded =>
        _timeout is { } timeout
        && ((_endSource is { IsCancellationRequested: true } && !IsAborted && !_stopping.IsCancellationRequested)
            || _time.GetElapsedTime(_started) >= timeout);

    /// <summary>For waits that end by themselves when the client is gone: a token only where something else may end
    /// the call.</summary>
    internal CancellationToken ReadToken => EndsByItself ? default : CancellationToken;

    /// <summary>Ends a call whose deadline has passed: its client waits no longer, and must not be told OK.</summary>
    /// <exception cref="GrpcException">DEADLINE_EXCEEDED.</exception>
    internal void RequireTime()
    {
        if (IsDeadlineExceeded)
        {
            GrpcOutcome late = GrpcErrors.DeadlineExceeded;
            throw new GrpcException(late.Status, late.Message);
        }
    }

    /// <summary>Reads gRPC's own request headers.</summary>
    /// <exception cref="GrpcException">INTERNAL: a malformed time-out. UNIMPLEMENTED: an unknown encoding.</exception>
    internal void Begin()
    {
        var headers = _http.Request.Headers;
        _http.Response.ContentType = GrpcDispatcher.ContentType;
        if (headers.GrpcTimeout is { Count: > 0 } timeout)
        {
            _timeout = GrpcWireText.TryParseTimeout(timeout.ToString(), out var value)
                ? value
                : throw new GrpcException(
                    GrpcStatus.Internal,
                    $"'grpc-timeout: {timeout}' is malformed; one to eight digits and one of H M S m u n are meant.");
        }

        if (headers.GrpcAcceptEncoding is { Count: > 0 } accepted)
        {
            _acceptsGzip = accepted.ToString().Contains(GrpcGzip.Name, StringComparison.Ordinal);
        }

        if (headers.GrpcEncoding is { Count: > 0 } encoding && encoding != "identity")
        {
            _http.Response.Headers.GrpcAcceptEncoding = GrpcGzip.Accepted;
            RequestIsGzip = encoding == GrpcGzip.Name
                ? true
                : throw new GrpcException(
                    GrpcStatus.Unimplemented,
                    $"The encoding '{encoding}' is not supported; {GrpcGzip.Accepted} are.");
        }
    }

    /// <summary>Whether a response of this size is compressed.</summary>
    internal bool CompressesResponse(int messageBytes)
    {
        // Of an empty message the platform's compressor makes nothing, which is no gzip for other clients.
        if (messageBytes == 0 || !_acceptsGzip || _http.Response.Headers.GrpcEncoding.Count == 0)
        {
            return false;
        }

        return CompressResponse ?? messageBytes >= Options.CompressBytesMin;
    }

    /// <summary>Moves the response metadata into the HTTP response, once, before its first byte.</summary>
    internal void ApplyResponseHeaders()
    {
        if (_headersApplied)
        {
            return;
        }

        _headersApplied = true;
        if (_acceptsGzip && (RequestIsGzip || Options.CompressResponses || CompressResponse == true))
        {
            _http.Response.Headers.GrpcEncoding = GrpcGzip.Name;
        }

        _responseHeaders?.CopyTo(_http.Response.Headers);
    }

    /// <summary>Lets a call run as long as it likes and send as much as it likes over time; each message has its own
    /// limit.</summary>
    internal void LiftBodyLimits()
    {
        if (_http.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate)
        {
            rate.MinDataRate = null;
        }

        if (_http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = null;
        }
    }

    /// <summary>Writes the status. Where nothing was sent and no header is set, an error becomes a trailers-only
    /// response: one frame.</summary>
    internal void Finish(in GrpcOutcome outcome)
    {
        IHeaderDictionary target;
        if (outcome.Status != GrpcStatus.Ok && !_headersApplied && _responseHeaders is null)
        {
            target = _http.Response.Headers;
        }
        else
        {
            ApplyResponseHeaders();

            // Kestrel sets this feature on every HTTP/2 request, and the dispatcher refuses other protocols.
            target = _http.Features.Get<IHttpResponseTrailersFeature>()!.Trailers;
        }

        _responseTrailers?.CopyTo(target);
        outcome.WriteTo(target);
    }

    /// <summary>Starts the time after which the client counts as stalled and its stream is cut.</summary>
    internal ITimer StartStall() => new Stall(_http, Options).Start(_time);

    /// <summary>Gives back what the call holds.</summary>
    internal void Release()
    {
        Requests.ReleaseMessage();
        _abortRegistration.Dispose();
        _stopRegistration.Dispose();
        _endSource?.Dispose();
    }

    private bool EndsByItself => _timeout is null && !_stopping.CanBeCanceled;

    private CancellationToken EndToken()
    {
        if (_endSource is null)
        {
            var left = Remaining ?? System.Threading.Timeout.InfiniteTimeSpan;
            _endSource = new CancellationTokenSource(left, _time);
            _abortRegistration = _http.RequestAborted.UnsafeRegister(Cancel, _endSource);
            _stopRegistration = _stopping.UnsafeRegister(Cancel, _endSource);
        }

        return _endSource.Token;
    }

    private static void Cancel(object? source) => (source as CancellationTokenSource)?.Cancel();
}

/// <summary>The time that a client has to send or to take something; then the call's stream is cut.</summary>
internal sealed class Stall(HttpContext http, GrpcOptions options)
{
    // HTTP/2's error code that gRPC clients see as RESOURCE_EXHAUSTED.
    private const int EnhanceYourCalm = 0xb;

    /// <summary>Starts the time; disposing the timer ends it.</summary>
    internal ITimer Start(TimeProvider time) => time.CreateTimer(
        static stall => (stall as Stall)?.Cut(), this, options.StallMax, Timeout.InfiniteTimeSpan);

    private void Cut()
    {
        options.Stalled?.Refuse();
        http.Features.Get<IHttpResetFeature>()?.Reset(EnhanceYourCalm);
    }
}
