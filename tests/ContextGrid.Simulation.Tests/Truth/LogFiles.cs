using System.Buffers.Binary;
using System.Globalization;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Simulation.Tests.Machine;

namespace ContextGrid.Simulation.Tests.Truth;

/// <summary>Reads the log's files as docs/STORAGE.md describes them, with none of the product's code.</summary>
internal static class LogFiles
{
    private const int SegmentHeaderBytes = 32;
    private const int RecordHeaderBytes = 32;
    private static readonly uint[] Table = MakeTable();

    /// <summary>The partitions that a disk has files of: the first retained offset and the records.</summary>
    public static IEnumerable<(TopicPartition Partition, long Start, IReadOnlyList<TrueRecord> Records)> Read(
        SimulatedDisk disk, string logDirectory)
    {
        var segments = disk.Files
            .Where(f => f.Key.StartsWith(logDirectory + "/", StringComparison.Ordinal) && f.Key.EndsWith(".log"))
            .Select(f => (Parts: f.Key[(logDirectory.Length + 1)..].Split('/'), Bytes: f.Value.Seen))
            .GroupBy(f => new TopicPartition(f.Parts[0], int.Parse(f.Parts[1], CultureInfo.InvariantCulture)));
        foreach (var partition in segments)
        {
            var records = new List<TrueRecord>();
            var ordered = partition.OrderBy(f => f.Parts[2], StringComparer.Ordinal)
                .Where(f => f.Bytes.Length >= SegmentHeaderBytes).ToList();
            for (int i = 0; i < ordered.Count; i++)
            {
                ReadSegment(ordered[i].Bytes, records);
                long end = i + 1 < ordered.Count ? BaseOf(ordered[i + 1].Bytes) : long.MaxValue;
                records.RemoveAll(record => record.Offset >= end);
            }

            long start = ordered.Count == 0 ? 0 : BaseOf(ordered[0].Bytes);
            yield return (partition.Key, start, records);
        }
    }

    private static long BaseOf(byte[] segment) => BinaryPrimitives.ReadInt64LittleEndian(segment.AsSpan(16));

    private static void ReadSegment(ReadOnlySpan<byte> segment, List<TrueRecord> records)
    {
        for (int at = SegmentHeaderBytes; at + RecordHeaderBytes <= segment.Length;)
        {
            long size = BinaryPrimitives.ReadUInt32LittleEndian(segment[at..]) + 8L;
            if (size < RecordHeaderBytes || at + size > segment.Length)
            {
                return;
            }

            ReadOnlySpan<byte> record = segment.Slice(at, (int)size);
            uint crc = Crc(Crc(uint.MaxValue, record[..4]), record[8..]) ^ uint.MaxValue;
            if (crc != BinaryPrimitives.ReadUInt32LittleEndian(record[4..]))
            {
                return;
            }

            int key = BinaryPrimitives.ReadUInt16LittleEndian(record[26..]);
            int headers = BinaryPrimitives.ReadInt32LittleEndian(record[28..]);
            records.Add(new TrueRecord(
                BinaryPrimitives.ReadInt64LittleEndian(record[8..]),
                BinaryPrimitives.ReadInt64LittleEndian(record[16..]),
                record[(RecordHeaderBytes + key + headers)..].ToArray(),
                record.Slice(RecordHeaderBytes + key, headers).ToArray(),
                IsAcknowledged: false));
            at += (int)size;
        }
    }

    private static uint Crc(uint crc, ReadOnlySpan<byte> bytes)
    {
        foreach (byte b in bytes)
        {
            crc = Table[(crc ^ b) & 0xFF] ^ (crc >> 8);
        }

        return crc;
    }

    private static uint[] MakeTable()
    {
        var table = new uint[256];
        for (uint i = 0; i < 256; i++)
        {
            uint value = i;
            for (int bit = 0; bit < 8; bit++)
            {
                value = (value & 1) != 0 ? (value >> 1) ^ 0x82F63B78 : value >> 1;
            }

            table[i] = value;
        }

        return table;
    }
}
