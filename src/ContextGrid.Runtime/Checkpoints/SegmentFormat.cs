using System.Buffers.Binary;
using System.Text;
using ContextGrid.Core.Model;
using ContextGrid.Core.Snapshots;

namespace ContextGrid.Runtime.Checkpoints;

/// <summary>The constants and small parts of a segment's bytes, as docs/STORAGE.md lists them.</summary>
internal static class SegmentFormat
{
    /// <summary>"CGRIDSEG" in the file.</summary>
    public const ulong Magic = 0x4745534449524743;

    /// <summary>"CGSEGEND" in the file.</summary>
    public const ulong EndMagic = 0x444E454745534743;

    /// <summary>The format's version.</summary>
    public const ushort Version = 1;

    /// <summary>Bytes of the header before the type names: magic, version, number of types, header's bytes.</summary>
    public const int HeaderFixedBytes = 16;

    /// <summary>Bytes of a record before its key: CRC, type, key's length, snapshot's length.</summary>
    public const int RecordFixedBytes = 12;

    /// <summary>Bytes of an index entry: hash and offset.</summary>
    public const int IndexEntryBytes = 12;

    /// <summary>Bytes of the footer's end.</summary>
    public const int TailBytes = 36;

    /// <summary>The longest key; two bytes hold its length.</summary>
    public const int KeyBytesMax = ushort.MaxValue;

    /// <summary>What records are sorted by; with equal hashes by type, then by key, as bytes.</summary>
    public static ulong HashOf(ReadOnlySpan<byte> type, ReadOnlySpan<byte> key) =>
        StableHash.Of(key) ^ StableHash.Of(type);

    /// <summary>Reads the end of a footer.</summary>
    /// <exception cref="CheckpointCorruptException">It is none.</exception>
    public static SegmentTail ReadTail(string name, long at, ReadOnlySpan<byte> tail)
    {
        if (tail.Length != TailBytes
            || BinaryPrimitives.ReadUInt64LittleEndian(tail[24..]) != EndMagic
            || BinaryPrimitives.ReadUInt32LittleEndian(tail[32..]) != Crc32C.Compute(tail[..32]))
        {
            throw new CheckpointCorruptException(name, at, "the footer is missing or its checksum is wrong");
        }

        return new SegmentTail(
            BinaryPrimitives.ReadInt32LittleEndian(tail),
            BinaryPrimitives.ReadInt32LittleEndian(tail[4..]),
            BinaryPrimitives.ReadInt32LittleEndian(tail[8..]),
            BinaryPrimitives.ReadUInt32LittleEndian(tail[12..]),
            BinaryPrimitives.ReadUInt32LittleEndian(tail[16..]),
            BinaryPrimitives.ReadUInt32LittleEndian(tail[32..]));
    }

    /// <summary>Reads the type names of a header that is whole.</summary>
    /// <exception cref="CheckpointCorruptException">The header's form or checksum is wrong.</exception>
    public static string[] ReadHeader(string name, ReadOnlySpan<byte> header)
    {
        if (BinaryPrimitives.ReadUInt32LittleEndian(header[^4..]) != Crc32C.Compute(header[..^4]))
        {
            throw new CheckpointCorruptException(name, 0, "the checksum of the header is wrong");
        }

        var types = new string[BinaryPrimitives.ReadUInt16LittleEndian(header[10..])];
        ReadOnlySpan<byte> rest = header[HeaderFixedBytes..^4];
        for (int i = 0; i < types.Length; i++)
        {
            int length = rest.Length >= 2 ? BinaryPrimitives.ReadUInt16LittleEndian(rest) : int.MaxValue - 2;
            if (length + 2 > rest.Length)
            {
                throw new CheckpointCorruptException(name, header.Length - rest.Length, "a type's name is cut short");
            }

            types[i] = Encoding.UTF8.GetString(rest.Slice(2, length));
            rest = rest[(length + 2)..];
        }

        return types;
    }
}

/// <summary>The end of a segment.</summary>
/// <param name="Records">How many records.</param>
/// <param name="Deletions">How many of them are deletions.</param>
/// <param name="IndexOffset">Where the index starts: the end of the records.</param>
/// <param name="BodyCrc">The CRC of everything before the index.</param>
/// <param name="IndexCrc">The CRC of the index.</param>
/// <param name="Crc">The CRC of the tail itself.</param>
internal readonly record struct SegmentTail(
    int Records, int Deletions, int IndexOffset, uint BodyCrc, uint IndexCrc, uint Crc);
