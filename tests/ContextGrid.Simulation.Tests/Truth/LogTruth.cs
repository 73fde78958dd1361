using ContextGrid.Runtime.Ingestion;
using ContextGrid.Simulation.Tests.Machine;

namespace ContextGrid.Simulation.Tests.Truth;

/// <summary>A record as it was handed over.</summary>
/// <param name="Offset">Its offset.</param>
/// <param name="TimeMs">Its time.</param>
/// <param name="Value">The payload.</param>
/// <param name="Headers">The encoded headers.</param>
/// <param name="IsAcknowledged">Whether its producer was told that it is durable.</param>
internal sealed record TrueRecord(long Offset, long TimeMs, byte[] Value, byte[] Headers, bool IsAcknowledged)
{
    /// <summary>When it was known outside of the product, by the world's clock.</summary>
    public long KnownMs { get; init; }
}

/// <summary>
/// What the log holds, kept outside of the product: what was acknowledged, and what was found on the disk when a
/// process had ended.
/// </summary>
/// <param name="clock">The world's clock.</param>
internal sealed class LogTruth(SimulatedClock clock)
{
    private readonly Dictionary<TopicPartition, SortedDictionary<long, TrueRecord>> _partitions = [];
    private readonly Dictionary<TopicPartition, long> _ends = [];

    /// <summary>The records of a partition, also those that retention has removed since.</summary>
    public IReadOnlyDictionary<long, TrueRecord> RecordsOf(TopicPartition partition) => Of(partition);

    /// <summary>The partitions that have records, in order.</summary>
    public IEnumerable<TopicPartition> Partitions => _partitions.Keys
        .OrderBy(p => p.Topic, StringComparer.Ordinal).ThenBy(p => p.Partition);

    /// <summary>
    /// The offset after the last record that is known to be in the log, and after what stands behind it without a
    /// record.
    /// </summary>
    public long EndOf(TopicPartition partition) => Math.Max(
        _ends.GetValueOrDefault(partition),
        _partitions.TryGetValue(partition, out SortedDictionary<long, TrueRecord>? records) && records.Count > 0
            ? records.Last().Key + 1
            : 0);

    /// <summary>A producer was told that a record is durable.</summary>
    /// <param name="partition">Its partition.</param>
    /// <param name="offset">Its offset.</param>
    /// <param name="timeMs">Its time.</param>
    /// <param name="value">The payload.</param>
    /// <param name="headers">The encoded headers.</param>
    /// <param name="end">The partition's end, when offsets behind the record hold none; 0: they do not.</param>
    public void Acknowledge(
        TopicPartition partition, long offset, long timeMs, byte[] value, byte[] headers, long end = 0)
    {
        _ends[partition] = Math.Max(end, _ends.GetValueOrDefault(partition));
        SortedDictionary<long, TrueRecord> records = Of(partition);
        if (records.TryGetValue(offset, out TrueRecord? known) && known.IsAcknowledged
            && !known.Value.AsSpan().SequenceEqual(value))
        {
            throw new SimulationFailure($"{partition}: offset {offset} was given to two acknowledged records");
        }

        records[offset] = new TrueRecord(offset, timeMs, value, headers, IsAcknowledged: true)
        {
            KnownMs = clock.NowMs,
        };
    }

    /// <summary>
    /// Compares with what the disk holds after an end: acknowledged records must be there unless retention took them,
    /// and what is there without an acknowledgement counts from now on.
    /// </summary>
    public void Reconcile(TopicPartition partition, long start, IReadOnlyList<TrueRecord> found)
    {
        SortedDictionary<long, TrueRecord> records = Of(partition);
        var onDisk = found.ToDictionary(r => r.Offset);
        foreach (TrueRecord known in records.Values.Where(r => r.Offset >= start).ToArray())
        {
            bool isThere = onDisk.TryGetValue(known.Offset, out TrueRecord? there)
                && there.Value.AsSpan().SequenceEqual(known.Value);
            if (!isThere && known.IsAcknowledged)
            {
                throw new SimulationFailure($"{partition}: the acknowledged record at offset {known.Offset} is lost");
            }

            if (!isThere)
            {
                records.Remove(known.Offset);
            }
        }

        foreach (TrueRecord record in found)
        {
            records.TryAdd(record.Offset, record with { KnownMs = clock.NowMs });
        }
    }

    private SortedDictionary<long, TrueRecord> Of(TopicPartition partition)
    {
        if (!_partitions.TryGetValue(partition, out SortedDictionary<long, TrueRecord>? records))
        {
            _partitions[partition] = records = [];
        }

        return records;
    }
}
