using System.Runtime.CompilerServices;
using Google.Protobuf;

namespace ContextGrid.Client.Transport;

/// <summary>
/// A call in which both sides send many messages. One writer and one reader may work at the same time; each of them
/// is used by one task at a time.
/// </summary>
internal sealed class GrpcDuplexCall<TRequest, TResponse> : IDisposable
    where TRequest : IMessage<TRequest>
    where TResponse : class, IMessage<TResponse>
{
    private readonly GrpcChannel _channel;
    private readonly GrpcMethod<TRequest, TResponse> _method;
    private readonly HttpRequestMessage _request;
    private readonly GrpcStreamContent _content;
    private readonly bool _gzip;
    private readonly CancellationTokenSource _ended;
    private readonly Task<HttpResponseMessage> _response;

    public GrpcDuplexCall(
        GrpcChannel channel,
        GrpcMethod<TRequest, TResponse> method,
        HttpRequestMessage request,
        GrpcStreamContent content,
        bool gzip,
        CancellationToken cancellation)
    {
        (_channel, _method, _request, _content, _gzip) = (channel, method, request, content, gzip);
        _ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        _response = OpenAsync();
    }

    /// <summary>Sends a message; returns when the transport has taken it, which is its back-pressure.</summary>
    /// <exception cref="ContextGridException">The call is over; the reader knows why.</exception>
    public async Task WriteAsync(TRequest message, CancellationToken cancellation)
    {
        var frame = GrpcFraming.Frame(message, _gzip);
        try
        {
            var stream = await _content.Opened.WaitAsync(cancellation);
            await stream.WriteAsync(frame, cancellation);
            await stream.FlushAsync(cancellation);
        }
        catch (Exception e) when (e is IOException or HttpRequestException or ObjectDisposedException)
        {
            throw GrpcOutcome.FromTransport(e, _channel.Address, sent: true);
        }
    }

    /// <summary>Says that no further message will be sent.</summary>
    public void Complete() => _content.Complete();

    /// <summary>Yields the answers until the server ends the call. To be enumerated once.</summary>
    /// <exception cref="ContextGridException">The call failed, before or after some answers.</exception>
    public async IAsyncEnumerable<TResponse> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        using var response = await _response.WaitAsync(cancellation);
        GrpcOutcome.CheckHead(response);
        using var body = await response.Content.ReadAsStreamAsync(cancellation);
        while (await _channel.NextAsync(body, _method.Parser, cancellation) is { } answer)
            yield return answer;
        GrpcOutcome.CheckTrailers(response);
    }

    /// <summary>Ends the call; the server sees a cancellation unless it had ended it before.</summary>
    public void Dispose()
    {
        _content.Complete();
        _ended.Cancel();
        _ended.Dispose();
        _request.Dispose();
    }

    private async Task<HttpResponseMessage> OpenAsync()
    {
        try
        {
            return await _channel.SendAsync(_request, _ended.Token);
        }
        catch (Exception e) when (e is ContextGridException or OperationCanceledException)
        {
            _content.Fail(e);
            throw;
        }
    }
}
