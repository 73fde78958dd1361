using Microsoft.Extensions.Logging;
using TopicPartition = ContextGrid.Runtime.Ingestion.TopicPartition;

namespace ContextGrid.Adapters.Kafka;

/// <summary>
/// The readers of a log and the consumers that fetch for them, and the task that looks at the ends of what is read.
/// Thread-safe.
/// </summary>
internal sealed partial class KafkaReaders(
    KafkaEventLog log, KafkaQueries queries, CompactionProbe probe, KafkaOptions options, TimeProvider time,
    ILogger logger)
{
    private readonly ILogger _logger = logger;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, List<TopicConsumer>> _consumers = new(StringComparer.Ordinal);
    private readonly HashSet<KafkaLogReader> _readers = [];

    /// <summary>Opens a reader.</summary>
    internal KafkaLogReader Open(TopicPartition partition, long fromOffset)
    {
        lock (_gate)
        {
            TopicConsumer consumer = FindFree(partition);
            consumer.Taken.Add(partition.Partition);
            var reader = new KafkaLogReader(
                log, consumer, partition, fromOffset, options, time,
                log.Compacted.Contains(partition.Topic) ? probe : null);
            _readers.Add(reader);
            consumer.Assign(reader.Fetched, fromOffset);
            return reader;
        }
    }

    /// <summary>Ends what a reader had; a consumer beside the topic's first ends with its last reader.</summary>
    internal async ValueTask ReleaseAsync(KafkaLogReader reader)
    {
        TopicConsumer? ended = null;
        lock (_gate)
        {
            if (!_readers.Remove(reader) || !_consumers.TryGetValue(reader.Partition.Topic, out var consumers))
            {
                return;
            }

            if (reader.Consumer.Taken.Count == 1 && reader.Consumer != consumers[0])
            {
                consumers.Remove(reader.Consumer);
                ended = reader.Consumer;
            }
        }

        if (ended is not null)
        {
            await Task.Run(ended.Dispose);
            return;
        }

        await reader.Consumer.ReleaseAsync(reader.Fetched);
        lock (_gate)
        {
            reader.Consumer.Taken.Remove(reader.Partition.Partition);
        }
    }

    /// <summary>Wakes who waits, and ends all consumers; blocks while their threads end.</summary>
    internal void Close()
    {
        TopicConsumer[] consumers;
        lock (_gate)
        {
            foreach (KafkaLogReader reader in _readers)
            {
                reader.Fetched.Changed.Set();
            }

            consumers = [.. _consumers.Values.SelectMany(c => c)];
            _consumers.Clear();
        }

        Array.ForEach(consumers, c => c.Dispose());
        probe.Dispose();
    }

    /// <summary>Looks at the ends until cancelled.</summary>
    internal async Task LookAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(options.LookInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                await LookOnceAsync(cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The log is closed.
        }
    }

    // One consumer fetches a partition for one reader: a second reader of it has a consumer of its own.
    private TopicConsumer FindFree(TopicPartition partition)
    {
        if (!_consumers.TryGetValue(partition.Topic, out List<TopicConsumer>? consumers))
        {
            _consumers[partition.Topic] = consumers = [];
        }

        TopicConsumer? free = consumers.FirstOrDefault(c => !c.Taken.Contains(partition.Partition));
        if (free is null)
        {
            consumers.Add(free = new TopicConsumer(partition.Topic, options, time));
        }

        return free;
    }

    private async ValueTask LookOnceAsync(CancellationToken cancellationToken)
    {
        KafkaLogReader[] readers;
        lock (_gate)
        {
            readers = [.. _readers];
        }

        if (readers.Length == 0)
        {
            return;
        }

        try
        {
            long nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
            Dictionary<TopicPartition, long> ends = (await queries.FindEndsAsync(
                    [.. readers.Select(r => r.Partition).Distinct()], cancellationToken))
                .ToDictionary(e => new TopicPartition(e.Topic, e.Partition.Value), e => e.Offset.Value);
            foreach (KafkaLogReader reader in readers)
            {
                reader.Fetched.SeeEnd(ends[reader.Partition], nowMs);
            }
        }
        catch (Runtime.Ingestion.EventLogException e)
        {
            // What is known grows old, which answers and status show.
            LogNoLook(e.Message);
        }
    }

    [LoggerMessage(LogLevel.Debug, "{Message}")]
    private partial void LogNoLook(string message);
}
