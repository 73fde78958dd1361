using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using Google.Protobuf;

namespace ContextGrid.Client.Transport;

/// <summary>
/// gRPC over HTTP/2 on the platform's own client: without TLS by prior knowledge (h2c), with TLS for https. It makes
/// single attempts; <see cref="RetryPolicy"/> decides about the next. Thread-safe; calls share connections.
/// </summary>
internal sealed class GrpcChannel : IDisposable
{
    private static readonly MediaTypeHeaderValue GrpcContent = new("application/grpc");

    private readonly HttpClient _http;
    private readonly ContextGridClientOptions _options;

    public GrpcChannel(Uri address, ContextGridClientOptions options)
    {
        Address = address;
        _options = options;
        var handler = new SocketsHttpHandler
        {
            EnableMultipleHttp2Connections = true,
            ConnectTimeout = options.ConnectTimeout,
            PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
            KeepAlivePingDelay = TimeSpan.FromSeconds(30),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(20),
            AutomaticDecompression = DecompressionMethods.None,
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
        };
        _http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>The server's address.</summary>
    public Uri Address { get; }

    /// <summary>Sends one request and reads one answer.</summary>
    /// <param name="method">The method.</param>
    /// <param name="request">The request; not kept.</param>
    /// <param name="timeout">What remains of the call's time; the server is told.</param>
    /// <param name="cancellation">Cancels the call, here and at the server.</param>
    /// <exception cref="ContextGridException">The call failed.</exception>
    public async Task<TResponse> UnaryAsync<TRequest, TResponse>(
        GrpcMethod<TRequest, TResponse> method, TRequest request, TimeSpan timeout, CancellationToken cancellation)
        where TRequest : IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
    {
        using var clock = new CancellationTokenSource(timeout, _options.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(clock.Token, cancellation);
        try
        {
            using var http = Request(method.Path, Content(request), timeout);
            using var response = await SendAsync(http, either.Token);
            GrpcOutcome.CheckHead(response);
            using var body = await response.Content.ReadAsStreamAsync(either.Token);
            var answer = await NextAsync(body, method.Parser, either.Token);
            if (answer is not null && await NextAsync(body, method.Parser, either.Token) is not null)
                throw new ContextGridException(
                    GrpcStatusCode.Unimplemented, "The server sent two answers to one request.");
            GrpcOutcome.CheckTrailers(response);
            return answer
                ?? throw new ContextGridException(GrpcStatusCode.Unimplemented, "The answer has no message.");
        }
        catch (OperationCanceledException) when (clock.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw Late(timeout);
        }
        catch (ContextGridException e) when (e.StatusCode == GrpcStatusCode.Cancelled && clock.IsCancellationRequested)
        {
            // The server ends a call at its deadline by a reset.
            throw Late(timeout);
        }
    }

    /// <summary>Sends one request and yields the answers until the server ends the call.</summary>
    /// <exception cref="ContextGridException">The call failed, before or after some answers.</exception>
    public async IAsyncEnumerable<TResponse> ServerStreamAsync<TRequest, TResponse>(
        GrpcMethod<TRequest, TResponse> method,
        TRequest request,
        [EnumeratorCancellation] CancellationToken cancellation)
        where TRequest : IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
    {
        using var http = Request(method.Path, Content(request), null);
        using var response = await SendAsync(http, cancellation);
        GrpcOutcome.CheckHead(response);
        using var body = await response.Content.ReadAsStreamAsync(cancellation);
        while (await NextAsync(body, method.Parser, cancellation) is { } answer)
            yield return answer;
        GrpcOutcome.CheckTrailers(response);
    }

    /// <summary>Opens a call in which both sides send many messages.</summary>
    public GrpcDuplexCall<TRequest, TResponse> Duplex<TRequest, TResponse>(
        GrpcMethod<TRequest, TResponse> method, CancellationToken cancellation)
        where TRequest : IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
    {
        var content = new GrpcStreamContent();
        content.Headers.ContentType = GrpcContent;
        var http = Request(method.Path, content, null);
        return new GrpcDuplexCall<TRequest, TResponse>(
            this, method, http, content, _options.CompressRequests, cancellation);
    }

    /// <summary>Sends a request; returns when the answer's head is here.</summary>
    /// <exception cref="ContextGridException">The server is not reachable, or the connection broke.</exception>
    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        try
        {
            return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        }
        catch (HttpRequestException e)
        {
            throw GrpcOutcome.FromTransport(e, Address, sent: true);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            // The handler reports its own ConnectTimeout as a cancellation that nobody asked for.
            throw GrpcOutcome.FromTransport(e, Address, sent: false);
        }
    }

    /// <summary>Reads the next answer; null at the end.</summary>
    /// <exception cref="ContextGridException">The connection broke.</exception>
    public async ValueTask<T?> NextAsync<T>(Stream body, MessageParser<T> parser, CancellationToken cancellation)
        where T : class, IMessage<T>
    {
        try
        {
            return await GrpcFraming.ReadAsync(body, parser, _options.ReceiveBytesMax, cancellation);
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            throw GrpcOutcome.FromTransport(e, Address, sent: true);
        }
    }

    /// <summary>Closes the connections; calls under way fail.</summary>
    public void Dispose() => _http.Dispose();

    private ContextGridException Late(TimeSpan timeout) => new(
        GrpcStatusCode.DeadlineExceeded, $"{Address} did not answer within {timeout.TotalSeconds:0.###} s.");

    private ByteArrayContent Content(IMessage message)
    {
        var content = new ByteArrayContent(GrpcFraming.Frame(message, _options.CompressRequests));
        content.Headers.ContentType = GrpcContent;
        return content;
    }

    private HttpRequestMessage Request(string path, HttpContent content, TimeSpan? timeout)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Address, path))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = content,
        };
        request.Headers.TryAddWithoutValidation("te", "trailers");
        request.Headers.TryAddWithoutValidation("user-agent", "contextgrid-dotnet/1");
        request.Headers.TryAddWithoutValidation("grpc-accept-encoding", "identity,gzip");
        if (_options.CompressRequests)
            request.Headers.TryAddWithoutValidation("grpc-encoding", "gzip");
        if (timeout is { } limit)
            request.Headers.TryAddWithoutValidation("grpc-timeout", TimeoutText(limit));
        foreach (var (name, value) in _options.Metadata)
            request.Headers.TryAddWithoutValidation(name, value);
        return request;
    }

    // At most eight digits and a unit: milliseconds reach 27 hours, seconds three years.
    private static string TimeoutText(TimeSpan timeout)
    {
        var milliseconds = Math.Max(1, (long)Math.Ceiling(timeout.TotalMilliseconds));
        return milliseconds < 100_000_000
            ? milliseconds.ToString(CultureInfo.InvariantCulture) + "m"
            : Math.Min(milliseconds / 1000, 99_999_999).ToString(CultureInfo.InvariantCulture) + "S";
    }
}
