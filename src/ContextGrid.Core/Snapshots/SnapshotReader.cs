using System.Buffers.Binary;
using System.Text;

namespace ContextGrid.Core.Snapshots;

/// <summary>Reads what <see cref="SnapshotWriter"/> wrote, with every bound checked.</summary>
/// <param name="data">The bytes.</param>
public ref struct SnapshotReader(ReadOnlySpan<byte> data)
{
    private ReadOnlySpan<byte> _rest = data;

    /// <summary>How many bytes are left.</summary>
    public readonly int Remaining => _rest.Length;

    /// <summary>One byte.</summary>
    public byte Byte() => Take(1)[0];

    /// <summary>Four bytes.</summary>
    public uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    /// <summary>Eight bytes.</summary>
    public ulong UInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

    /// <summary>Eight bytes.</summary>
    public double Double() => BinaryPrimitives.ReadDoubleLittleEndian(Take(8));

    /// <summary>A varint.</summary>
    public ulong Varint()
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            byte part = Byte();
            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80)
            {
                return value;
            }
        }

        throw new SnapshotFormatException("A number has more than ten bytes.");
    }

    /// <summary>A varint that is at most <paramref name="max"/>: a count or an index.</summary>
    public int Count(int max)
    {
        ulong value = Varint();
        return value <= (ulong)max
            ? (int)value
            : throw new SnapshotFormatException($"A count is {value}; at most {max} is possible here.");
    }

    /// <summary>A zigzag number.</summary>
    public long Zigzag()
    {
        ulong value = Varint();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    /// <summary>A length and bytes; the span points into the input.</summary>
    public ReadOnlySpan<byte> Bytes() => Take(Count(_rest.Length));

    /// <summary>A length and a text's UTF-8.</summary>
    public string Text() => Encoding.UTF8.GetString(Bytes());

    /// <summary>A length and the 16 bytes of an id.</summary>
    public Guid Id()
    {
        ReadOnlySpan<byte> id = Bytes();
        return id.Length == 16 ? new Guid(id) : throw new SnapshotFormatException("An id is not 16 bytes.");
    }

    /// <summary>So many bytes; the span points into the input.</summary>
    public ReadOnlySpan<byte> Take(int bytes)
    {
        if (bytes > _rest.Length)
        {
            throw new SnapshotFormatException($"The snapshot ends {bytes - _rest.Length} bytes too early.");
        }

        ReadOnlySpan<byte> taken = _rest[..bytes];
        _rest = _rest[bytes..];
        return taken;
    }
}
