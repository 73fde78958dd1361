using System.Buffers;
using System.IO.Pipelines;
using ContextGrid.Server.Limits;

namespace ContextGrid.Server.Grpc;

/// <summary>
/// The incoming messages of one call. The bytes of a message stay in the connection's buffers until the next message is
/// asked for; not reading makes the client's flow control stop it. One reader at a time.
/// </summary>
internal sealed class GrpcRequestBody
{
    private readonly GrpcCallContext _call;
    private readonly PipeReader _pipe;
    private ReadOnlySequence<byte> _rest;
    private GrpcMessageBuffer? _inflated;
    private bool _holdsRead;
    private LargeRequest _large;

    public GrpcRequestBody(GrpcCallContext call, PipeReader pipe)
    {
        _call = call;
        _pipe = pipe;
        _large = new LargeRequest(call);
    }

    /// <summary>The current message; valid until the next is asked for.</summary>
    public ReadOnlySequence<byte> Message { get; private set; }

    /// <summary>Goes to the next message.</summary>
    /// <returns>False when the client has sent its last.</returns>
    /// <exception cref="GrpcException">A message is too large, cut short, malformed or in an encoding not announced.
    /// </exception>
    /// <exception cref="OperationCanceledException">The deadline passed, or the client gave up.</exception>
    public async ValueTask<bool> MoveNextAsync()
    {
        ReleaseMessage();
        while (true)
        {
            if (!_pipe.TryRead(out var result))
            {
                result = await _pipe.ReadAsync(_call.ReadToken).ConfigureAwait(false);
            }

            if (result.IsCanceled)
            {
                throw new OperationCanceledException(_call.CancellationToken);
            }

            var buffer = result.Buffer;
            BeginHold(buffer);
            if (GrpcFraming.TryTake(
                ref buffer, _call.Options.ReceiveBytesMax, out var compressed, out var message))
            {
                Accept(compressed, message, buffer);
                return true;
            }

            Examine(buffer);
            if (result.IsCompleted)
            {
                RequireEnd(buffer);
                return false;
            }
        }
    }

    /// <summary>Reads the one message of a call whose client sends exactly one, and the end behind it.</summary>
    /// <exception cref="GrpcException">UNIMPLEMENTED: no message, or more than one, as gRPC's table of status codes
    /// says; and as for the next message.</exception>
    public async ValueTask ReadSingleAsync()
    {
        while (true)
        {
            if (!_pipe.TryRead(out var result))
            {
                result = await _pipe.ReadAsync(_call.ReadToken).ConfigureAwait(false);
            }

            BeginHold(result.Buffer);
            if (TryTakeSingle(result.Buffer, result.IsCompleted))
            {
                return;
            }

            Examine(result.Buffer);
        }
    }

    /// <summary>Ends the read that waits, or the next one. Callable from any thread.</summary>
    public void CancelRead() => _pipe.CancelPendingRead();

    /// <summary>Gives the current message's memory back. Called once more when the call ends.</summary>
    public void ReleaseMessage()
    {
        Message = default;
        _inflated?.Dispose();
        _inflated = null;
        _large.GiveBack();
        if (_holdsRead)
        {
            _holdsRead = false;
            _pipe.AdvanceTo(_rest.Start);
        }
    }

    private bool TryTakeSingle(ReadOnlySequence<byte> buffer, bool completed)
    {
        if (!GrpcFraming.TryTake(ref buffer, _call.Options.ReceiveBytesMax, out var compressed, out var message))
        {
            if (completed)
            {
                RequireEnd(buffer);
                throw new GrpcException(
                    GrpcStatus.Unimplemented, $"{_call.Method} takes one message; none was sent.");
            }

            return false;
        }

        if (!buffer.IsEmpty)
        {
            throw new GrpcException(GrpcStatus.Unimplemented, $"{_call.Method} takes one message; more were sent.");
        }

        if (!completed)
        {
            // The end of the stream may come in a frame of its own; all stays in the pipe, looked at, until then.
            return false;
        }

        Accept(compressed, message, buffer);
        return true;
    }

    // Marks the pipe's read as open, so that whatever is thrown next, the release closes it.
    private void BeginHold(in ReadOnlySequence<byte> buffer)
    {
        _holdsRead = true;
        _rest = buffer;
    }

    private void Examine(in ReadOnlySequence<byte> buffer)
    {
        _large.Count(buffer.Length);
        _holdsRead = false;
        _pipe.AdvanceTo(buffer.Start, buffer.End);
    }

    private void Accept(bool compressed, in ReadOnlySequence<byte> message, in ReadOnlySequence<byte> rest)
    {
        _rest = rest;
        _call.RequestWasCompressed = compressed;
        if (!compressed)
        {
            Message = message;
            return;
        }

        if (!_call.RequestIsGzip)
        {
            throw new GrpcException(
                GrpcStatus.Internal, "A message is flagged as compressed, but 'grpc-encoding' names no compression.");
        }

        _inflated = GrpcGzip.Decompress(message, _call.Options.ReceiveBytesMax);
        _large.Count(_inflated.MessageBytes);
        Message = new ReadOnlySequence<byte>(_inflated.Message);
    }

    private static void RequireEnd(in ReadOnlySequence<byte> buffer)
    {
        if (!buffer.IsEmpty)
        {
            throw new GrpcException(
                GrpcStatus.Internal, $"The stream ended inside of a message, {buffer.Length} bytes after its start.");
        }
    }
}

/// <summary>Counts a large request message while it is here; and wants it complete in time. One thread.</summary>
internal struct LargeRequest(GrpcCallContext call)
{
    // What every call may have for nothing: requests for context stay below it.
    private const int UncountedBytes = Turns.SmallBytesMax;

    private long _counted;
    private ITimer? _stall;

    /// <summary>Counts what has come so far.</summary>
    /// <exception cref="Runtime.Diagnostics.LimitReachedException">It does not fit.</exception>
    internal void Count(long bytes)
    {
        if (bytes <= UncountedBytes + _counted || call.Options.RequestBytes is not { } limit)
        {
            return;
        }

        long more = bytes - UncountedBytes - _counted;
        limit.Take(more);
        _counted += more;
        _stall ??= call.StartStall();
    }

    /// <summary>Gives back what was counted.</summary>
    internal void GiveBack()
    {
        if (_counted > 0)
        {
            call.Options.RequestBytes?.Give(_counted);
            _counted = 0;
            _stall?.Dispose();
            _stall = null;
        }
    }
}
