using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Text;

namespace ContextGrid.TestKit.Logs;

/// <summary>
/// Reads the files of an event log as docs/STORAGE.md describes them, sharing nothing with the product: what a test
/// believes about the log when no server runs. Each call goes on where the one before has ended. Not thread-safe.
/// </summary>
/// <param name="directory">The log's directory; it may not exist yet.</param>
public sealed class RawLog(string directory)
{
    private const int SegmentHeaderBytes = 32;
    private const int RecordHeaderBytes = 32;

    private readonly Dictionary<string, Place> _places = new(StringComparer.Ordinal);

    /// <summary>
    /// The whole records behind those that were read before, partition by partition. A partition ends at the first
    /// bytes that are no whole record, such as a write that a kill has interrupted.
    /// </summary>
    public IEnumerable<RawRecord> ReadNew()
    {
        string[] partitions = Directory.Exists(directory)
            ?
            [
                .. Directory.GetDirectories(directory).SelectMany(Directory.GetDirectories)
                    .Order(StringComparer.Ordinal),
            ]
            : [];
        foreach (string partition in partitions)
        {
            Place place = _places.GetValueOrDefault(partition, new Place("", SegmentHeaderBytes, 0));
            foreach (string segment in Directory.GetFiles(partition, "*.log").Order(StringComparer.Ordinal))
            {
                long first = long.Parse(Path.GetFileNameWithoutExtension(segment), CultureInfo.InvariantCulture);
                place = first == place.Next && segment != place.Segment
                    ? new Place(segment, SegmentHeaderBytes, first)
                    : place;
                if (segment == place.Segment)
                {
                    byte[] bytes = File.ReadAllBytes(segment);
                    for (int size; (size = SizeAt(bytes, place)) > 0; place = place.After(size))
                    {
                        yield return Record(partition, bytes.AsSpan(place.Position, size));
                    }
                }
            }

            _places[partition] = place;
        }
    }

    private static int SizeAt(byte[] bytes, Place place)
    {
        if (place.Position + RecordHeaderBytes > bytes.Length)
        {
            return 0;
        }

        ReadOnlySpan<byte> at = bytes.AsSpan(place.Position);
        long size = BinaryPrimitives.ReadUInt32LittleEndian(at) + 8L;
        return size >= RecordHeaderBytes && size <= at.Length
            && BinaryPrimitives.ReadUInt32LittleEndian(at[4..]) == Checksum(at[..4], at[8..(int)size])
            && BinaryPrimitives.ReadInt64LittleEndian(at[8..]) == place.Next
            ? (int)size
            : 0;
    }

    private static RawRecord Record(string partition, ReadOnlySpan<byte> bytes)
    {
        int key = BinaryPrimitives.ReadUInt16LittleEndian(bytes[26..]);
        int headers = BinaryPrimitives.ReadInt32LittleEndian(bytes[28..]);
        return new RawRecord(
            Path.GetFileName(Path.GetDirectoryName(partition)!), // A partition's directory stands in its topic's.
            int.Parse(Path.GetFileName(partition), CultureInfo.InvariantCulture),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[8..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]),
            Headers(bytes.Slice(RecordHeaderBytes + key, headers)),
            Encoding.UTF8.GetString(bytes[(RecordHeaderBytes + key + headers)..]));
    }

    private static Dictionary<string, string> Headers(ReadOnlySpan<byte> bytes)
    {
        var headers = new Dictionary<string, string>(StringComparer.Ordinal);
        while (!bytes.IsEmpty)
        {
            int name = BinaryPrimitives.ReadUInt16LittleEndian(bytes);
            int value = BinaryPrimitives.ReadInt32LittleEndian(bytes[(2 + name)..]);
            headers[Encoding.UTF8.GetString(bytes.Slice(2, name))] =
                Encoding.UTF8.GetString(bytes.Slice(6 + name, value));
            bytes = bytes[(6 + name + value)..];
        }

        return headers;
    }

    private static uint Checksum(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        uint crc = ~0u;
        foreach (byte b in first)
        {
            crc = BitOperations.Crc32C(crc, b);
        }

        for (; second.Length >= 8; second = second[8..])
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(second));
        }

        foreach (byte b in second)
        {
            crc = BitOperations.Crc32C(crc, b);
        }

        return ~crc;
    }

    private readonly record struct Place(string Segment, int Position, long Next)
    {
        internal Place After(int size) => this with { Position = Position + size, Next = Next + 1 };
    }
}

/// <summary>A record of a log's file.</summary>
/// <param name="Topic">Its topic.</param>
/// <param name="Partition">Its partition.</param>
/// <param name="Offset">Its offset.</param>
/// <param name="TimeMs">Its timestamp.</param>
/// <param name="Headers">Its headers.</param>
/// <param name="Value">Its value as a text.</param>
public sealed record RawRecord(
    string Topic,
    int Partition,
    long Offset,
    long TimeMs,
    IReadOnlyDictionary<string, string> Headers,
    string Value);
