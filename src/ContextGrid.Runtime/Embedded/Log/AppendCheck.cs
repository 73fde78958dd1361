using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.Embedded.Log;

/// <summary>Refuses an append that can't be kept, before anything of it is queued.</summary>
internal static class AppendCheck
{
    /// <summary>Checks the records of one call; returns the bytes that they take in the log.</summary>
    /// <exception cref="EventLogException">A partition does not exist, or something is too large.</exception>
    public static long Measure(
        string topic, int partitions, ReadOnlySpan<LogRecord> records, int positions, FileEventLogOptions options)
    {
        if (positions < records.Length)
        {
            throw new ArgumentException(
                $"{records.Length} records need as many positions; there is room for {positions}.");
        }

        long bytes = 0;
        for (int i = 0; i < records.Length; i++)
        {
            ref readonly LogRecord record = ref records[i];
            if (record.Partition < -1 || record.Partition >= partitions)
            {
                throw new EventLogException(
                    EventLogError.UnknownPartition,
                    $"Record {i}: the topic '{topic}' has {partitions} partitions; there is no {record.Partition}.");
            }

            Check(i, "value", record.Value.Length, RecordFormat.ValueBytesMax);
            Check(i, "key", record.Key.Length, RecordFormat.KeyBytesMax);
            Check(i, "headers", record.Headers.Length, RecordFormat.HeadersBytesMax);
            bytes += RecordFormat.Size(record);
        }

        return bytes <= options.AppendBytesPendingMax ? bytes : throw new EventLogException(
            EventLogError.RecordTooLarge,
                $"The append has {bytes} bytes; the log takes {options.AppendBytesPendingMax} in "
            + "one call. Split it.");
    }

    private static void Check(int index, string what, int bytes, int bytesMax)
    {
        if (bytes > bytesMax)
        {
            throw new EventLogException(
                EventLogError.RecordTooLarge, $"Record {index}: its {what} has {bytes} bytes; the most is {bytesMax}.");
        }
    }
}
