using Confluent.Kafka;
using Confluent.Kafka.Admin;
using ContextGrid.Runtime.Ingestion;
using Polly;
using Polly.Retry;
using TopicPartition = ContextGrid.Runtime.Ingestion.TopicPartition;

namespace ContextGrid.Adapters.Kafka;

/// <summary>
/// Questions to the brokers: partitions, offsets, times. librdkafka answers them by blocking, so each has a thread
/// while it lasts, and few are asked at a time. What passes is asked again, with growing pauses.
/// </summary>
internal sealed class KafkaQueries : IDisposable
{
    private const int AtOnceMax = 4;

    // ListOffsets knows the end as the time -1.
    private static readonly Timestamp Newest = new(-1, TimestampType.CreateTime);

    private readonly KafkaOptions _options;
    private readonly IConsumer<int, int> _consumer;
    private readonly IAdminClient _admin;
    private readonly SemaphoreSlim _turns = new(AtOnceMax, AtOnceMax);
    private readonly ResiliencePipeline _retry;
    private readonly TimeSpan _attemptMax;
    private volatile Error? _lastError;

    internal KafkaQueries(KafkaOptions options)
    {
        _options = options;
        _attemptMax = options.Patience / 3; // Whoever has the wrong password need not wait for the third attempt.
        _consumer = new ConsumerBuilder<int, int>(KafkaConfigs.Consumer(options))
            .SetKeyDeserializer(new RecordBuffer())
            .SetValueDeserializer(new RecordBuffer())
            .SetErrorHandler((_, error) => _lastError = error)
            .SetLogHandler((_, _) => { })
            .Build();

        // A client of its own: the one that depends on another's handle polls without a pause.
        _admin = new AdminClientBuilder(KafkaConfigs.Admin(options))
            .SetErrorHandler((_, error) => _lastError = error)
            .SetLogHandler((_, _) => { })
            .Build();
        _retry = new ResiliencePipelineBuilder().AddRetry(new RetryStrategyOptions
        {
            MaxRetryAttempts = 2,
            BackoffType = DelayBackoffType.Exponential,
            Delay = TimeSpan.FromMilliseconds(100),
            MaxDelay = TimeSpan.FromSeconds(2),
            UseJitter = true,
            ShouldHandle = new PredicateBuilder().Handle<KafkaException>(
                e => IsPassing(e.Error) && !IsRefusal(_lastError)),
        }).Build();
    }

    /// <summary>The number of partitions of a topic; 0: there is none.</summary>
    internal ValueTask<int> CountPartitionsAsync(string topic, CancellationToken cancellationToken) => AskAsync(
        $"The topic {topic} can't be looked up",
        () =>
        {
            TopicMetadata found = _admin.GetMetadata(topic, _attemptMax).Topics.Single(t => t.Topic == topic);
            return found.Error.Code is ErrorCode.UnknownTopicOrPart or ErrorCode.Local_UnknownTopic ? 0
                : found.Error.IsError ? throw new KafkaException(found.Error)
                : found.Partitions.Count;
        },
        cancellationToken);

    /// <summary>The offsets of a partition: the first retained, and the end of what is committed.</summary>
    internal ValueTask<LogRange> GetRangeAsync(
        TopicPartition partition, CancellationToken cancellationToken) => AskAsync(
        $"The offsets of {partition.Topic}/{partition.Partition} can't be looked up",
        () =>
        {
            WatermarkOffsets found = _consumer.QueryWatermarkOffsets(Native(partition), _attemptMax);
            return new LogRange(found.Low.Value, found.High.Value);
        },
        cancellationToken);

    /// <summary>The first offset whose record is not before a time; −1: all are.</summary>
    internal ValueTask<long> FindOffsetAsync(
        TopicPartition partition, long timeMs, CancellationToken cancellationToken) => AskAsync(
        $"Offsets of {partition.Topic}/{partition.Partition} can't be found by time",
        () => _consumer.OffsetsForTimes(
            [new TopicPartitionTimestamp(Native(partition), At(timeMs))], _attemptMax)[0].Offset.Value,
        cancellationToken);

    /// <summary>The ends of partitions, by one question to each broker.</summary>
    internal ValueTask<List<TopicPartitionOffset>> FindEndsAsync(
        IReadOnlyList<TopicPartition> partitions, CancellationToken cancellationToken) => AskAsync(
        "The ends of the partitions can't be looked up",
        () => _consumer.OffsetsForTimes(
            partitions.Select(p => new TopicPartitionTimestamp(Native(p), Newest)),
            _attemptMax),
        cancellationToken);

    /// <summary>Writes the offsets of the consumer group, of which nobody is a member.</summary>
    internal ValueTask<int> CommitAsync(
        IReadOnlyList<TopicPartitionOffset> offsets, CancellationToken cancellationToken) => AskAsync(
        $"The offsets of the group {_options.Group} can't be written",
        () =>
        {
            _consumer.Commit(offsets);
            return offsets.Count;
        },
        cancellationToken);

    /// <summary>Makes a topic that takes the largest records, unless somebody else has.</summary>
    internal async ValueTask CreateTopicAsync(string topic, int partitions, bool isCompacted)
    {
        var settings = new Dictionary<string, string> { ["max.message.bytes"] = $"{KafkaConfigs.RecordBytesMax}" };
        if (isCompacted)
        {
            settings["cleanup.policy"] = "compact";
        }

        try
        {
            await _admin.CreateTopicsAsync(
            [
                new TopicSpecification
                {
                    Name = topic,
                    NumPartitions = partitions,
                    ReplicationFactor = -1,
                    Configs = settings,
                },
            ]);
        }
        catch (CreateTopicsException e) when (e.Results[0].Error.Code == ErrorCode.TopicAlreadyExists)
        {
            // As good.
        }
        catch (KafkaException e)
        {
            throw KafkaFaults.Of(e.Error, $"The topic {topic} is missing and can't be made; create it", e);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // A question that nobody waits for any more still uses a client.
        for (int i = 0; i < AtOnceMax; i++)
        {
            _turns.Wait();
        }

        _admin.Dispose();
        _consumer.Dispose();
        _turns.Dispose();
    }

    private static Confluent.Kafka.TopicPartition Native(TopicPartition partition) =>
        new(partition.Topic, partition.Partition);

    private static Timestamp At(long timeMs) => new(Math.Max(0, timeMs), TimestampType.CreateTime);

    private static bool IsPassing(Error error) => !error.IsFatal && error.Code is ErrorCode.LeaderNotAvailable
        or ErrorCode.NotLeaderForPartition or ErrorCode.RequestTimedOut or ErrorCode.Local_Transport
        or ErrorCode.NetworkException or ErrorCode.Local_UnknownPartition;

    private static bool IsRefusal(Error? error) => error?.Code is ErrorCode.Local_Authentication or ErrorCode.Local_Ssl
        or ErrorCode.SaslAuthenticationFailed;

    private async ValueTask<T> AskAsync<T>(string what, Func<T> ask, CancellationToken cancellationToken)
    {
        try
        {
            return await _retry.ExecuteAsync(async token => await AskOnceAsync(ask, token), cancellationToken);
        }
        catch (KafkaException e)
        {
            Error error = _lastError is { } last && (e.Error.Code == ErrorCode.Local_TimedOut || IsRefusal(last))
                ? last
                : e.Error;
            throw KafkaFaults.Of(error, $"{what} at {_options.BootstrapServers}", e);
        }
    }

    // Who gives up does not wait for the blocked thread, which keeps its turn until it is back.
    private async Task<T> AskOnceAsync<T>(Func<T> ask, CancellationToken cancellationToken)
    {
        await _turns.WaitAsync(cancellationToken);
        Task<T> asked = Task.Factory.StartNew(
            () =>
            {
                try
                {
                    return ask();
                }
                finally
                {
                    _turns.Release();
                }
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        return await asked.WaitAsync(cancellationToken);
    }
}
