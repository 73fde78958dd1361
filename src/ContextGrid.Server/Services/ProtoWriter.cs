using System.Buffers.Binary;

namespace ContextGrid.Server.Services;

/// <summary>
/// Writes protobuf's wire format into one growing buffer, without message objects. A nested message whose size is not
/// known before gets a length of four bytes (a padded varint, which every parser takes). Reused; one thread at a time.
/// Source: https://protobuf.dev/programming-guides/encoding.
/// </summary>
internal sealed class ProtoWriter
{
    private const int OpenLengthBytes = 4;

    private byte[] _buffer = new byte[4096];
    private int _length;

    /// <summary>What is written; valid until the next write.</summary>
    internal ReadOnlySpan<byte> Written => _buffer.AsSpan(0, _length);

    /// <summary>The size of the buffer.</summary>
    internal int BufferBytes => _buffer.Length;

    internal void Reset() => _length = 0;

    /// <summary>A varint field: uint, int, enum or bool.</summary>
    internal void Number(int field, long value)
    {
        Room(20);
        RawVarint((ulong)(field << 3));
        RawVarint((ulong)value);
    }

    internal void Double(int field, double value)
    {
        Room(20);
        RawVarint((ulong)((field << 3) | 1));
        BinaryPrimitives.WriteDoubleLittleEndian(_buffer.AsSpan(_length), value);
        _length += 8;
    }

    internal void Bytes(int field, ReadOnlySpan<byte> value)
    {
        Room(20 + value.Length);
        RawVarint((ulong)((field << 3) | 2));
        RawVarint((ulong)value.Length);
        value.CopyTo(_buffer.AsSpan(_length));
        _length += value.Length;
    }

    internal void Text(int field, string value)
    {
        int start = Open(field);
        Room(value.Length * 3);
        _length += System.Text.Encoding.UTF8.GetBytes(value, _buffer.AsSpan(_length));
        Close(start);
    }

    /// <summary>Starts a nested message or a packed field; give the result to <see cref="Close"/>.</summary>
    internal int Open(int field)
    {
        Room(20);
        RawVarint((ulong)((field << 3) | 2));
        _length += OpenLengthBytes;
        return _length;
    }

    /// <summary>Ends what <see cref="Open"/> started.</summary>
    internal void Close(int start)
    {
        uint length = (uint)(_length - start);
        Span<byte> at = _buffer.AsSpan(start - OpenLengthBytes, OpenLengthBytes);
        at[0] = (byte)(length | 0x80);
        at[1] = (byte)((length >> 7) | 0x80);
        at[2] = (byte)((length >> 14) | 0x80);
        at[3] = (byte)(length >> 21);
    }

    /// <summary>An element of a packed field.</summary>
    internal void Packed(ulong value)
    {
        Room(10);
        RawVarint(value);
    }

    private void Room(int bytes)
    {
        if (_length + bytes > _buffer.Length)
        {
            Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _length + bytes));
        }
    }

    private void RawVarint(ulong value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            _buffer[_length++] = (byte)(value | 0x80);
        }

        _buffer[_length++] = (byte)value;
    }
}
