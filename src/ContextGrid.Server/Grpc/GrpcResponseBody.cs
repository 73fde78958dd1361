using System.Buffers;
using System.IO.Pipelines;
using Google.Protobuf;

namespace ContextGrid.Server.Grpc;

/// <summary>
/// The outgoing messages of one call. Headers leave with the first flush; a call with one response is never flushed
/// here, so headers, message and trailers leave together when it ends. One writer at a time.
/// </summary>
internal sealed class GrpcResponseBody
{
    // Up to this size a message is written through one span; the connection's blocks have 4,096 bytes.
    private const int SmallBytesMax = 2048;

    private readonly GrpcCallContext _call;
    private readonly PipeWriter _pipe;

    public GrpcResponseBody(GrpcCallContext call, PipeWriter pipe)
    {
        _call = call;
        _pipe = pipe;
    }

    /// <summary>Writes a message without flushing it.</summary>
    /// <exception cref="GrpcException">RESOURCE_EXHAUSTED: the message is larger than the server sends.</exception>
    public void Write(IMessage message)
    {
        var size = message.CalculateSize();
        if (size > _call.Options.SendBytesMax)
        {
            throw GrpcErrors.TooLarge(size, _call.Options.SendBytesMax);
        }

        _call.ApplyResponseHeaders();
        if (_call.CompressesResponse(size))
        {
            using var plain = new GrpcMessageBuffer(_call.Options.SendBytesMax, size);
            message.WriteTo(plain);
            WriteCompressed(plain);
        }
        else if (size <= SmallBytesMax)
        {
            var span = _pipe.GetSpan(GrpcFraming.PrefixBytes + size);
            GrpcFraming.WritePrefix(span, compressed: false, size);
            message.WriteTo(span.Slice(GrpcFraming.PrefixBytes, size));
            _pipe.Advance(GrpcFraming.PrefixBytes + size);
        }
        else
        {
            GrpcFraming.WritePrefix(_pipe.GetSpan(GrpcFraming.PrefixBytes), compressed: false, size);
            _pipe.Advance(GrpcFraming.PrefixBytes);
            message.WriteTo(_pipe);
        }
    }

    /// <summary>Writes a message that a raw handler has built, without flushing it.</summary>
    public void Write(GrpcMessageBuffer message)
    {
        _call.ApplyResponseHeaders();
        if (_call.CompressesResponse(message.MessageBytes))
        {
            WriteCompressed(message);
            return;
        }

        _pipe.Write(message.Frame(compressed: false).Span);
    }

    /// <summary>Sends what was written, and waits while the client does not take it.</summary>
    /// <exception cref="OperationCanceledException">The deadline passed, or the client gave up.</exception>
    public async ValueTask FlushAsync()
    {
        _call.ApplyResponseHeaders();
        var result = await _pipe.FlushAsync(_call.CancellationToken).ConfigureAwait(false);
        if (result.IsCanceled || result.IsCompleted)
        {
            throw new OperationCanceledException(_call.CancellationToken);
        }
    }

    private void WriteCompressed(GrpcMessageBuffer plain)
    {
        using var packed = GrpcGzip.Compress(plain.Message.Span);
        _pipe.Write(packed.Frame(compressed: true).Span);
    }
}
