using System.Buffers;
using System.IO.Pipelines;
using ContextGrid.Runtime.Diagnostics;
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

    // Larger messages are awaited until the client has taken them, and counted until then. Smaller ones are left to
    // Kestrel when the call ends, which saves most calls a detour; the streams of its connection bound them.
    private const int UnawaitedBytesMax = 4096;

    // What Kestrel buffers of an awaited message.
    private const int PieceBytes = 64 * 1024;

    private readonly GrpcCallContext _call;
    private readonly PipeWriter _pipe;

    public GrpcResponseBody(GrpcCallContext call, PipeWriter pipe)
    {
        _call = call;
        _pipe = pipe;
    }

    /// <summary>Writes a message without flushing it; a large one is sent, and the client awaited.</summary>
    /// <exception cref="GrpcException">RESOURCE_EXHAUSTED: the message is larger than the server sends.
    /// DEADLINE_EXCEEDED: it is too late.</exception>
    /// <exception cref="LimitReachedException">Too much waits for clients already.</exception>
    public async ValueTask WriteAsync(IMessage message)
    {
        _call.RequireTime();
        var size = message.CalculateSize();
        if (size > _call.Options.SendBytesMax)
        {
            throw GrpcErrors.TooLarge(size, _call.Options.SendBytesMax);
        }

        if (size > UnawaitedBytesMax)
        {
            using var large = new GrpcMessageBuffer(_call.Options.SendBytesMax, size);
            message.WriteTo(large);
            await WriteAsync(large).ConfigureAwait(false);
            return;
        }

        Write(message, size);
    }

    private void Write(IMessage message, int size)
    {
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

    /// <summary>Writes a message that a raw handler has built, as <see cref="WriteAsync(IMessage)"/> does.</summary>
    /// <exception cref="GrpcException">DEADLINE_EXCEEDED: it is too late.</exception>
    /// <exception cref="LimitReachedException">Too much waits for clients already.</exception>
    public ValueTask WriteAsync(GrpcMessageBuffer message)
    {
        _call.RequireTime();
        _call.ApplyResponseHeaders();
        if (_call.CompressesResponse(message.MessageBytes))
        {
            return WriteCompressedAsync(message);
        }

        return WriteFrameAsync(message.Frame(compressed: false));
    }

    /// <summary>Sends what was written, and waits while the client does not take it.</summary>
    /// <exception cref="OperationCanceledException">The deadline passed, or the client gave up or takes nothing.
    /// </exception>
    public ValueTask FlushAsync()
    {
        _call.ApplyResponseHeaders();
        var flush = _pipe.FlushAsync(_call.CancellationToken);
        if (!flush.IsCompletedSuccessfully)
        {
            return AwaitTakenAsync(flush);
        }

        RequireOpen(flush.Result);
        return ValueTask.CompletedTask;
    }

    private async ValueTask AwaitTakenAsync(ValueTask<FlushResult> flush)
    {
        using var stall = _call.StartStall();
        RequireOpen(await flush.ConfigureAwait(false));
    }

    private void RequireOpen(in FlushResult result)
    {
        if (result.IsCanceled || result.IsCompleted)
        {
            throw new OperationCanceledException(_call.CancellationToken);
        }
    }

    private ValueTask WriteFrameAsync(ReadOnlyMemory<byte> frame)
    {
        if (frame.Length > UnawaitedBytesMax)
        {
            return WriteLargeAsync(frame);
        }

        _pipe.Write(frame.Span);
        return ValueTask.CompletedTask;
    }

    private async ValueTask WriteLargeAsync(ReadOnlyMemory<byte> frame)
    {
        var limit = _call.Options.ResponseBytes;
        limit?.Take(frame.Length);
        try
        {
            for (var at = 0; at < frame.Length; at += PieceBytes)
            {
                _pipe.Write(frame.Span[at..Math.Min(frame.Length, at + PieceBytes)]);
                await FlushAsync().ConfigureAwait(false);
            }
        }
        finally
        {
            limit?.Give(frame.Length);
        }
    }

    private async ValueTask WriteCompressedAsync(GrpcMessageBuffer plain)
    {
        using var packed = GrpcGzip.Compress(plain.Message.Span);
        await WriteFrameAsync(packed.Frame(compressed: true)).ConfigureAwait(false);
    }

    private void WriteCompressed(GrpcMessageBuffer plain)
    {
        using var packed = GrpcGzip.Compress(plain.Message.Span);
        _pipe.Write(packed.Frame(compressed: true).Span);
    }
}
