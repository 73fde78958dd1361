using System.Buffers;

namespace ContextGrid.Server.Grpc;

/// <summary>
/// One outgoing or inflated message in a pooled array, behind room for the five bytes of its prefix. One owner;
/// disposed exactly once, after which no memory taken from it may be used.
/// </summary>
internal sealed class GrpcMessageBuffer : IBufferWriter<byte>, IDisposable
{
    private readonly int _bytesMax;
    private byte[] _array;
    private int _end = GrpcFraming.PrefixBytes;

    /// <summary>Creates an empty buffer.</summary>
    /// <param name="bytesMax">Most message bytes that it takes.</param>
    /// <param name="bytesExpected">A guess of the message's size.</param>
    public GrpcMessageBuffer(int bytesMax, int bytesExpected = 4096)
    {
        _bytesMax = bytesMax;
        _array = ArrayPool<byte>.Shared.Rent(bytesExpected + GrpcFraming.PrefixBytes);
    }

    /// <summary>The message's bytes.</summary>
    public ReadOnlyMemory<byte> Message => _array.AsMemory(GrpcFraming.PrefixBytes, MessageBytes);

    /// <summary>How many bytes the message has.</summary>
    public int MessageBytes => _end - GrpcFraming.PrefixBytes;

    /// <inheritdoc/>
    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _array.Length - _end);
        _end += count;
        if (MessageBytes > _bytesMax)
        {
            throw GrpcErrors.TooLarge(MessageBytes, _bytesMax);
        }
    }

    /// <inheritdoc/>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _array.AsMemory(_end);
    }

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _array.AsSpan(_end);
    }

    /// <summary>Patches the prefix in and returns prefix and message, ready to be sent.</summary>
    public ReadOnlyMemory<byte> Frame(bool compressed)
    {
        GrpcFraming.WritePrefix(_array, compressed, MessageBytes);
        return _array.AsMemory(0, _end);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_array);
        _array = [];
    }

    private void Reserve(int sizeHint)
    {
        var needed = Math.Max(sizeHint, 256);
        if (_array.Length - _end >= needed)
        {
            return;
        }

        var grown = ArrayPool<byte>.Shared.Rent(Math.Max(_array.Length * 2, _end + needed));
        _array.AsSpan(0, _end).CopyTo(grown);
        ArrayPool<byte>.Shared.Return(_array);
        _array = grown;
    }
}
