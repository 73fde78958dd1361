using System.Collections.Concurrent;
using Confluent.Kafka;
using ContextGrid.Runtime.Ingestion;
using Microsoft.Extensions.Logging;
using TopicPartition = ContextGrid.Runtime.Ingestion.TopicPartition;

namespace ContextGrid.Adapters.Kafka;

/// <summary>
/// The event log on Apache Kafka: only committed records are read, positions are the caller's, and what the brokers no
/// longer have is said. Owns its clients and the task that looks at the ends of what is read.
/// </summary>
public sealed partial class KafkaEventLog : IEventLog
{
    private readonly KafkaOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly KafkaQueries _queries;
    private readonly KafkaAppender _appender;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, List<TopicConsumer>> _consumers = new(StringComparer.Ordinal);
    private readonly HashSet<KafkaLogReader> _readers = [];
    private readonly ConcurrentDictionary<string, int> _partitions = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _closing = new();
    private readonly Task _looking;

    private KafkaEventLog(KafkaOptions options, TimeProvider time, ILogger logger)
    {
        (_options, _time, _logger) = (options, time, logger);
        _queries = new KafkaQueries(options);
        _appender = new KafkaAppender(options);
        _looking = LookAsync();
    }

    /// <summary>Connects to the brokers, and makes the topics that are wanted and missing.</summary>
    /// <exception cref="KafkaOptionsException">The settings can't be used.</exception>
    /// <exception cref="EventLogException">The brokers can't be reached or refuse.</exception>
    public static async ValueTask<KafkaEventLog> OpenAsync(
        KafkaOptions options, TimeProvider time, ILogger logger, CancellationToken cancellationToken)
    {
        Librdkafka.Require();
        KafkaEventLog? log = null;
        try
        {
            log = new KafkaEventLog(options, time, logger);
            foreach ((string topic, int partitions) in options.Create)
            {
                if (await log.CountPartitionsAsync(topic, cancellationToken) == 0)
                {
                    await log._queries.CreateTopicAsync(topic, partitions);
                }
            }

            return log;
        }
        catch (Exception e) when (log is null && e is InvalidOperationException or ArgumentException)
        {
            throw new KafkaOptionsException($"The Kafka properties can't be used: {e.Message}", e);
        }
        catch
        {
            await (log?.DisposeAsync() ?? ValueTask.CompletedTask);
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<int> CountPartitionsAsync(string topic, CancellationToken cancellationToken)
    {
        int count = await _queries.CountPartitionsAsync(topic, cancellationToken);
        _partitions[topic] = count;
        return count;
    }

    /// <inheritdoc/>
    public ValueTask<LogRange> GetRangeAsync(TopicPartition partition, CancellationToken cancellationToken) =>
        _queries.GetRangeAsync(partition, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask AppendAsync(
        string topic,
        ReadOnlyMemory<LogRecord> records,
        Memory<RecordPosition> positions,
        CancellationToken cancellationToken)
    {
        int partitions = await KnownPartitionsAsync(topic, cancellationToken);
        await _appender.AppendAsync(topic, partitions, records, positions, cancellationToken);
    }

    /// <inheritdoc/>
    public ILogReader OpenReader(TopicPartition partition, long fromOffset)
    {
        ThrowIfClosed();
        lock (_gate)
        {
            TopicConsumer consumer = FindFree(partition);
            consumer.Taken.Add(partition.Partition);
            var reader = new KafkaLogReader(this, consumer, partition, fromOffset, _options, _time);
            _readers.Add(reader);
            consumer.Assign(reader.Fetched, fromOffset);
            return reader;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<long> FindOffsetAsync(
        TopicPartition partition, long timeMs, CancellationToken cancellationToken)
    {
        long found = await _queries.FindOffsetAsync(partition, timeMs, cancellationToken);
        return found >= 0 ? found : (await GetRangeAsync(partition, cancellationToken)).End;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _looking;
        List<TopicConsumer> consumers;
        lock (_gate)
        {
            foreach (KafkaLogReader reader in _readers)
            {
                reader.Fetched.Changed.Set();
            }

            consumers = [.. _consumers.Values.SelectMany(c => c)];
            _consumers.Clear();
        }

        await Task.Run(() =>
        {
            consumers.ForEach(c => c.Dispose());
            _appender.Dispose();
            _queries.Dispose();
        });
        _closing.Dispose();
    }

    /// <summary>Refuses to go on after the log was closed.</summary>
    internal void ThrowIfClosed()
    {
        if (_closing.IsCancellationRequested)
        {
            throw new EventLogException(EventLogError.Unavailable, "The connection to Kafka is closed.");
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

    /// <summary>Refuses a partition that there is not.</summary>
    internal async ValueTask RequireAsync(TopicPartition partition, CancellationToken cancellationToken)
    {
        if (partition.Partition >= await KnownPartitionsAsync(partition.Topic, cancellationToken))
        {
            throw new EventLogException(
                EventLogError.UnknownPartition, $"There is no {partition.Topic}/{partition.Partition} in Kafka.");
        }
    }

    private ValueTask<int> KnownPartitionsAsync(string topic, CancellationToken cancellationToken) =>
        _partitions.TryGetValue(topic, out int count) && count > 0
            ? new(count)
            : CountPartitionsAsync(topic, cancellationToken);

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
            consumers.Add(free = new TopicConsumer(partition.Topic, _options, _time));
        }

        return free;
    }

    private async Task LookAsync()
    {
        using var timer = new PeriodicTimer(_options.LookInterval, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(_closing.Token))
            {
                await LookOnceAsync();
            }
        }
        catch (OperationCanceledException)
        {
            // The log is closed.
        }
    }

    private async ValueTask LookOnceAsync()
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
            long nowMs = _time.GetUtcNow().ToUnixTimeMilliseconds();
            Dictionary<TopicPartition, long> ends = (await _queries.FindEndsAsync(
                    [.. readers.Select(r => r.Partition).Distinct()], _closing.Token))
                .ToDictionary(e => new TopicPartition(e.Topic, e.Partition.Value), e => e.Offset.Value);
            foreach (KafkaLogReader reader in readers)
            {
                reader.Fetched.SeeEnd(ends[reader.Partition], nowMs);
            }
        }
        catch (EventLogException e)
        {
            // What is known grows old, which answers and status show.
            LogNoLook(e.Message);
        }
    }

    [LoggerMessage(LogLevel.Debug, "{Message}")]
    private partial void LogNoLook(string message);
}
