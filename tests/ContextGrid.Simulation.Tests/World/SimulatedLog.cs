using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Simulation.Tests.World;

/// <summary>
/// A log in the network that owners share, as Kafka is: offsets have gaps, calls take time and fail, an append may
/// succeed although the caller saw a failure, and retention removes what nobody has read yet.
/// </summary>
internal sealed class SimulatedLog(TimeProvider clock, Random random, int partitions) : IEventLog
{
    private readonly Dictionary<TopicPartition, Partition> _partitions = [];
    private int _roundRobin;

    private TimeProvider Clock => clock;

    private Random Chance => random;

    /// <summary>The probability that a call fails.</summary>
    public double Fails { get; set; }

    /// <summary>How long a call takes at most.</summary>
    public TimeSpan CallMax { get; set; } = TimeSpan.FromMilliseconds(20);

    /// <summary>How far the clocks of those who read are ahead.</summary>
    public TimeSpan Skew { get; set; }

    /// <summary>Told about every record as it becomes durable.</summary>
    public Action<TopicPartition, long, LogRecord>? Appended { get; set; }

    public ValueTask<int> CountPartitionsAsync(string topic, CancellationToken cancellationToken) =>
        ValueTask.FromResult(CountOf(topic));

    public async ValueTask<LogRange> GetRangeAsync(TopicPartition partition, CancellationToken cancellationToken)
    {
        await CallAsync();
        Partition found = Of(partition);
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
        for (int i = 0; i < copies.Length; i++)
        {
            positions.Span[i] = Append(topic, copies[i]);
        }

        await CallAsync();
    }

    public ILogReader OpenReader(TopicPartition partition, long fromOffset) =>
        new Reader(this, Of(partition), fromOffset);

    public ValueTask<long> FindOffsetAsync(
        TopicPartition partition, long timeMs, CancellationToken cancellationToken) =>
        ValueTask.FromResult(Of(partition).Start);

    /// <summary>Removes the older part of a partition.</summary>
    public void Retain(TopicPartition partition)
    {
        Partition found = Of(partition);
        long start = found.Start + random.NextInt64(found.End - found.Start + 1);
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
        Partition partition = Of(name);

        // Markers of transactions and compaction leave holes.
        partition.End += random.Next(8) == 0 ? random.Next(1, 4) : 0;
        partition.Records.Add((partition.End, record));
        Appended?.Invoke(name, partition.End, record);
        return new RecordPosition(number, partition.End++);
    }

    private Partition Of(TopicPartition name)
    {
        if (!_partitions.TryGetValue(name, out Partition? partition))
        {
            _partitions[name] = partition = new Partition();
        }

        return partition;
    }

    private async Task CallAsync()
    {
        await Task.Delay(CallMax * random.NextDouble(), clock);
        if (random.NextDouble() < Fails)
        {
            throw new EventLogException(EventLogError.Unavailable, "The log is away for a moment.");
        }
    }

    private sealed class Partition
    {
        public List<(long Offset, LogRecord Record)> Records { get; } = [];

        public long Start { get; set; }

        public long End { get; set; }
    }

    private sealed class Reader(SimulatedLog log, Partition partition, long from) : ILogReader
    {
        private LogEnd _end = new(from, 0);

        public long NextOffset { get; private set; } = from;

        public LogEnd End => _end;

        public async ValueTask<ReadOutcome> ReadAsync(
            LogBatch batch, TimeSpan wait, CancellationToken cancellationToken)
        {
            batch.Clear();
            await log.CallAsync();
            for (TimeSpan waited = TimeSpan.Zero, pause = TimeSpan.FromMilliseconds(100); ; waited += pause, pause *= 2)
            {
                _end = new LogEnd(
                    partition.End, (log.Clock.GetUtcNow() + log.Skew).ToUnixTimeMilliseconds());
                if (NextOffset < partition.Start)
                {
                    NextOffset = partition.Start;
                    return ReadOutcome.OffsetGone;
                }

                if (Fill(batch))
                {
                    return ReadOutcome.Records;
                }

                if (waited >= wait)
                {
                    return ReadOutcome.None;
                }

                await Task.Delay(pause, log.Clock, cancellationToken);
            }
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        private bool Fill(LogBatch batch)
        {
            int most = log.Chance.Next(1, 20);
            foreach ((long offset, LogRecord record) in partition.Records)
            {
                if (offset >= NextOffset && batch.Count < most)
                {
                    Add(batch, offset, record);
                    NextOffset = offset + 1;
                }
            }

            return batch.Count > 0;
        }

        private static void Add(LogBatch batch, long offset, LogRecord record)
        {
            int start = batch.BytesUsed, key = record.Key.Length, value = record.Value.Length;
            batch.Reserve(key + value + record.Headers.Length);
            record.Key.Span.CopyTo(batch.Buffer.AsSpan(start));
            record.Value.Span.CopyTo(batch.Buffer.AsSpan(start + key));
            record.Headers.Span.CopyTo(batch.Buffer.AsSpan(start + key + value));
            batch.BytesUsed += key + value + record.Headers.Length;
            batch.Add(new LogBatch.Entry(
                offset, record.TimestampMs, start, key, start + key, value, start + key + value,
                record.Headers.Length));
        }
    }
}
