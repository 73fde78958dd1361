using System.Buffers;
using Google.Protobuf;

namespace ContextGrid.Server.Grpc;

/// <summary>Reads the messages of a streaming client. One reader at a time.</summary>
/// <typeparam name="TRequest">The message.</typeparam>
public sealed class GrpcRequestReader<TRequest>
    where TRequest : class, IMessage<TRequest>
{
    private readonly GrpcRequestBody _body;
    private readonly MessageParser<TRequest> _parser;

    internal GrpcRequestReader(GrpcRequestBody body, MessageParser<TRequest> parser)
    {
        _body = body;
        _parser = parser;
    }

    /// <summary>The next message, or null when the client has sent its last. Waits for it; while a handler does not
    /// read, flow control stops the client.</summary>
    /// <exception cref="GrpcException">The message is too large or malformed; handlers let it pass.</exception>
    /// <exception cref="OperationCanceledException">The deadline passed, or the client gave up.</exception>
    public async ValueTask<TRequest?> ReadAsync()
    {
        if (!await _body.MoveNextAsync().ConfigureAwait(false))
        {
            return null;
        }

        var message = GrpcParsing.Parse(_parser, _body.Message);
        _body.ReleaseMessage();
        return message;
    }

    /// <summary>As above, for a handler that reads messages itself.</summary>
    /// <param name="read">Reads a message, of which it keeps nothing; throws what <see cref="ReadAsync()"/> throws.
    /// </param>
    internal async ValueTask<TResult?> ReadAsync<TResult>(Func<ReadOnlySequence<byte>, TResult> read)
        where TResult : class
    {
        if (!await _body.MoveNextAsync().ConfigureAwait(false))
        {
            return null;
        }

        TResult result = read(_body.Message);
        _body.ReleaseMessage();
        return result;
    }

    /// <summary>
    /// Ends the read that waits, or the next one, with an <see cref="OperationCanceledException"/>: for a handler that
    /// has failed elsewhere while its client waits for an answer and sends nothing. Callable from any thread.
    /// </summary>
    internal void CancelRead() => _body.CancelRead();
}
