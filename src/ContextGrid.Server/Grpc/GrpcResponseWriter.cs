using ContextGrid.Runtime.Diagnostics;
using Google.Protobuf;

namespace ContextGrid.Server.Grpc;

/// <summary>Writes the messages of a streaming server. One writer at a time.</summary>
/// <typeparam name="TResponse">The message.</typeparam>
public sealed class GrpcResponseWriter<TResponse>
    where TResponse : class, IMessage<TResponse>
{
    private readonly GrpcResponseBody _body;

    internal GrpcResponseWriter(GrpcResponseBody body) => _body = body;

    /// <summary>Sends a message, and waits while the client does not take what was sent: at most the connection's
    /// buffers are ahead of it.</summary>
    /// <param name="message">Free for reuse when the call returns its task.</param>
    /// <exception cref="GrpcException">RESOURCE_EXHAUSTED: the message is larger than the server sends.</exception>
    /// <exception cref="LimitReachedException">Too much waits for clients already.</exception>
    /// <exception cref="OperationCanceledException">The deadline passed, or the client gave up.</exception>
    public async ValueTask WriteAsync(TResponse message)
    {
        await _body.WriteAsync(message).ConfigureAwait(false);
        await _body.FlushAsync().ConfigureAwait(false);
    }

    /// <summary>Sends the response headers now, before there is a message.</summary>
    /// <exception cref="OperationCanceledException">The deadline passed, or the client gave up.</exception>
    public ValueTask WriteHeadersAsync() => _body.FlushAsync();
}
