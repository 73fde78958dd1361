using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Simulation.Tests.World;

/// <summary>
/// A log in the network that owners share, as Kafka is: offsets have gaps, calls take time and fail, an append may
/// succeed, wholly or in part, although the caller saw a failure, partitions can't be fetched for a while, ends are
/// seen late, and retention removes what nobody has read yet.
/// </summary>
internal sealed class SimulatedLog(TimeProvider clock, Random random, int partitions, LogTopology topology) : IEventLog
{
    private readonly Dictionary<TopicPartition, SimulatedPartition> _partitions = [];
    private int _roundRobin;

    internal TimeProvider Clock => clock;

    internal LogTopology Topology => topology;

    internal Random Chance => random;

    /// <summary>The probability that a call fails.</summary>
    public double Fails { get; set; }

    /// <summary>How long a call takes at most.</summary>
    public TimeSpan CallMax { get; set; } = TimeSpan.FromMilliseconds(20);

    /// <summary>How far the clocks of those who read are ahead.</summary>
    public TimeSpan Skew { get; set; }

    /// <summary>Told about every record as it becomes durable, its offset, and the partition's end then.</summary>
    public Action<TopicPartition, long, long, LogRecord>? Appended { get; set; }

    public ValueTask<int> CountPartitionsAsync(string topic, CancellationToken cancellationToken) =>
        ValueTask.FromResult(CountOf(topic));

    public async ValueTask<LogRange> GetRangeAsync(TopicPartition partition, CancellationToken cancellationToken)
    {
        await CallAsync();
        SimulatedPartition found = Of(partition);
        return new LogRange(found.Start, found.End);
    }

    public async ValueTask AppendAsync(
        string topic,
        ReadOnlyMemory<LogRecord> records,
        Memory<RecordPosition> positions,
        CancellationToken cancellationToken)
    {
        LogRecord[] copies = [.. records.ToArray().Select(Copy)];
        await CallAsync();
        int taken = topology.CutsAppend(copies.Length);
        for (int i = 0; i < taken; i++)
        {
            positions.Span[i] = Append(topic, copies[i]);
        }

        if (taken < copies.Length)
        {
            throw new EventLogException(EventLogError.Unavailable, "The append broke off.");
        }

        await CallAsync();
    }

    public bool GoesOnWhenReplaced(string topic) => false;

    public ILogReader OpenReader(TopicPartition partition, long fromOffset) =>
        new SimulatedReader(this, Of(partition), fromOffset);

    public ValueTask<long> FindOffsetAsync(
        TopicPartition partition, long timeMs, CancellationToken cancellationToken)
    {
        SimulatedPartition found = Of(partition);
        int first = found.Records.FindIndex(r => r.Record.TimestampMs >= timeMs);
        return ValueTask.FromResult(first < 0 ? found.End : found.Records[first].Offset);
    }

    /// <summary>The first offset that a partition still has, and the one after its last.</summary>
    public LogRange RangeOf(TopicPartition partition) => new(Of(partition).Start, Of(partition).End);

    /// <summary>From now on a partition can't be fetched, or can be again.</summary>
    public void Pause(TopicPartition partition, bool isPaused) => Of(partition).IsPaused = isPaused;

    /// <summary>All partitions can be fetched, and nothing fails.</summary>
    public void Heal()
    {
        (Fails, topology.CutAppends) = (0, 0);
        foreach (SimulatedPartition partition in _partitions.Values)
        {
            partition.IsPaused = false;
        }
    }

    /// <summary>Removes the older part of a partition, or all of it.</summary>
    public void Retain(TopicPartition partition, bool isAll = false)
    {
        SimulatedPartition found = Of(partition);
        long start = isAll ? found.End : found.Start + random.NextInt64(found.End - found.Start + 1);
        found.Records.RemoveAll(r => r.Offset < start);
        found.Start = start;
    }

    // The log is not the owner's: it outlives it.
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static LogRecord Copy(LogRecord record) => record with
    {
        Key = record.Key.ToArray(), Value = record.Value.ToArray(), Headers = record.Headers.ToArray(),
    };

    private int CountOf(string topic) => topic is "payments" or "logins" ? partitions : 1;

    private RecordPosition Append(string topic, LogRecord record)
    {
        int number = record.Partition >= 0 ? record.Partition
            : record.Key.IsEmpty ? _roundRobin++ % CountOf(topic)
            : Murmur2.PartitionFor(record.Key.Span, CountOf(topic));
        var name = new TopicPartition(topic, number);
        SimulatedPartition partition = Of(name);

        // Markers of transactions and compaction leave holes.
        partition.End += random.Next(8) == 0 ? random.Next(1, 4) : 0;
        partition.Records.Add((partition.End, record));
        long offset = partition.End;
        partition.End += 1 + topology.Markers();
        Appended?.Invoke(name, offset, partition.End, record);
        return new RecordPosition(number, offset);
    }

    private SimulatedPartition Of(TopicPartition name)
    {
        if (!_partitions.TryGetValue(name, out SimulatedPartition? partition))
        {
            _partitions[name] = partition = new SimulatedPartition();
        }

        return partition;
    }

    /// <summary>Takes the time of a call, and fails like one.</summary>
    internal async Task CallAsync()
    {
        await Task.Delay(CallMax * random.NextDouble(), clock);
        if (random.NextDouble() < Fails)
        {
            throw new EventLogException(EventLogError.Unavailable, "The log is away for a moment.");
        }
    }
}
