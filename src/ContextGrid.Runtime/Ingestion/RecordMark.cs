using System.Buffers.Binary;
using System.Globalization;
using ContextGrid.Core.Snapshots;

namespace ContextGrid.Runtime.Ingestion;

/// <summary>
/// What was applied at an offset, in few bytes: a log that holds another record there was truncated or made anew.
/// </summary>
/// <param name="Offset">The record's offset.</param>
/// <param name="Crc">The CRC-32C of its time, key and value.</param>
public readonly record struct RecordMark(long Offset, uint Crc)
{
    /// <summary>A checkpoint keeps at most so many: half of its counters.</summary>
    internal const int CountMax = 32_768;

    private const string Prefix = "last_record.";

    /// <summary>The mark of a record.</summary>
    public static RecordMark Of(LogBatch records, int index)
    {
        Span<byte> time = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(time, records[index].TimestampMs);
        uint crc = Crc32C.Append(Crc32C.Compute(time), records.Key(index));
        return new RecordMark(records[index].Offset, Crc32C.Append(crc, records.Value(index)));
    }

    /// <summary>The name of the counter that keeps the mark in a checkpoint; its value is the CRC.</summary>
    internal string CounterOf(TopicPartition partition) => string.Create(
        CultureInfo.InvariantCulture, $"{Prefix}{partition.Topic}/{partition.Partition}@{Offset}");

    /// <summary>The marks among the counters of a checkpoint.</summary>
    internal static Dictionary<TopicPartition, RecordMark> Of(IEnumerable<KeyValuePair<string, long>> counters)
    {
        var marks = new Dictionary<TopicPartition, RecordMark>();
        foreach ((string name, long crc) in counters)
        {
            int slash = name.LastIndexOf('/'), at = name.LastIndexOf('@');
            if (name.StartsWith(Prefix, StringComparison.Ordinal) && Prefix.Length < slash && slash < at
                && int.TryParse(name.AsSpan(slash + 1, at - slash - 1), CultureInfo.InvariantCulture, out int partition)
                && long.TryParse(name.AsSpan(at + 1), CultureInfo.InvariantCulture, out long offset))
            {
                marks[new TopicPartition(name[Prefix.Length..slash], partition)] = new RecordMark(offset, (uint)crc);
            }
        }

        return marks;
    }
}
