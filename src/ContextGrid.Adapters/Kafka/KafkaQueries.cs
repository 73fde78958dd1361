using Confluent.Kafka;
using Confluent.Kafka.Admin;
using ContextGrid.Runtime.Ingestion;
using Polly;
using Polly.Retry;
using TopicPartition = ContextGrid.Runtime.Ingestion.TopicPartition;

namespace ContextGrid.Adapters.Kafka;

/// <summary>
/// Questions to the brokers: partitions, offsets, times. Few are asked at a time. What passes is asked
/// again, with growing pauses.
/// </summary>
internal sealed class KafkaQueries : IDisposable
{
    private const int AtOnceMax = 4;

    private static readonly TimeSpan RefreshMax = TimeSpan.FromSeconds(2);

    private readonly KafkaOptions _options;
    private readonly IAdminClient _admin;
    private readonly IConsumer<int, int> _consumer;
    private readonly SemaphoreSlim _turns = new(AtOnceMax, AtOnceMax);
    private readonly ResiliencePipeline _retry;
    private readonly TimeSpan _attemptMax;
    private volatile Error? _lastError;

    internal KafkaQueries(KafkaOptions options)
    {
        _options = options;
        _attemptMax = options.Patience / 3; // Whoever has the wrong password need not wait for the third attempt.
        _admin = new AdminClientBuilder(KafkaConfigs.Admin(options))
            .SetErrorHandler((_, error) => _lastError = error)
            .SetLogHandler((_, _) => { })
            .Build();

        // The admin client can write a group's offsets too, but ends the process when the brokers go away meanwhile.
        _consumer = KafkaConfigs.BuildConsumer(options, new RecordBuffer(), error => _lastError = error);
        (Topics, Rights) = (new TopicSettings(_admin, _attemptMax), new KafkaRights(_admin, options, _attemptMax));
        _retry = new ResiliencePipelineBuilder().AddRetry(new RetryStrategyOptions
        {
            MaxRetryAttempts = 2,
            BackoffType = DelayBackoffType.Exponential,
            Delay = TimeSpan.FromMilliseconds(100),
            MaxDelay = TimeSpan.FromSeconds(2),
            UseJitter = true,
            ShouldHandle = new PredicateBuilder().Handle<KafkaException>(
                e => KafkaFaults.IsPassing(e.Error) && !KafkaFaults.IsRefusal(_lastError)),
        }).Build();
    }

    /// <summary>Makes topics and tells their settings.</summary>
    internal TopicSettings Topics { get; }

    /// <summary>Looks what the server's user may do.</summary>
    internal KafkaRights Rights { get; }

    /// <summary>The number of partitions of a topic; 0: there is none.</summary>
    internal ValueTask<int> CountPartitionsAsync(string topic, CancellationToken cancellationToken) => AskAsync(
        $"The topic {topic} can't be looked up",
        KafkaRight.OnTopic(AclOperation.Describe, topic),
        async () =>
        {
            TopicMetadata found = await LookUpAsync(topic, _attemptMax);
            return found.Error.Code is ErrorCode.UnknownTopicOrPart or ErrorCode.Local_UnknownTopic ? 0
                : found.Error.IsError ? throw new KafkaException(found.Error)
                : found.Partitions.Count;
        },
        cancellationToken);

    /// <summary>The offsets of a partition: the first retained, and the end of what is committed.</summary>
    internal ValueTask<LogRange> GetRangeAsync(
        TopicPartition partition, CancellationToken cancellationToken) => AskAsync(
        $"The offsets of {partition.Topic}/{partition.Partition} can't be looked up",
        KafkaRight.OnTopic(AclOperation.Describe, partition.Topic),
        async () =>
        {
            List<TopicPartitionOffset>[] found = await Task.WhenAll(
                ListAsync([partition], OffsetSpec.Earliest()), ListAsync([partition], OffsetSpec.Latest()));
            return new LogRange(found[0][0].Offset.Value, found[1][0].Offset.Value);
        },
        cancellationToken);

    /// <summary>The first offset whose record is not before a time; −1: all are.</summary>
    internal ValueTask<long> FindOffsetAsync(
        TopicPartition partition, long timeMs, CancellationToken cancellationToken) => AskAsync(
        $"Offsets of {partition.Topic}/{partition.Partition} can't be found by time",
        KafkaRight.OnTopic(AclOperation.Describe, partition.Topic),
        async () => (await ListAsync([partition], OffsetSpec.ForTimestamp(Math.Max(0, timeMs))))[0].Offset.Value,
        cancellationToken);

    /// <summary>The ends of partitions, by one question to each broker.</summary>
    internal ValueTask<List<TopicPartitionOffset>> FindEndsAsync(
        IReadOnlyList<TopicPartition> partitions, CancellationToken cancellationToken) => AskAsync(
        "The ends of the partitions can't be looked up",
        KafkaRight.OnTopic(AclOperation.Describe, string.Join(", ", partitions.Select(p => p.Topic).Distinct())),
        () => ListAsync(partitions, OffsetSpec.Latest()),
        cancellationToken);

    /// <summary>Writes the offsets of the consumer group, of which nobody is a member.</summary>
    internal ValueTask<int> CommitAsync(
        IReadOnlyList<TopicPartitionOffset> offsets, CancellationToken cancellationToken) => AskAsync(
        $"The offsets of the group {_options.Group} can't be written",
        KafkaRight.OnGroup(AclOperation.Read, _options.Group),
        () => BesideAsync(() =>
        {
            _consumer.Commit(offsets);
            return offsets.Count;
        }),
        cancellationToken);

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

    private async Task<List<TopicPartitionOffset>> ListAsync(IReadOnlyList<TopicPartition> partitions, OffsetSpec which)
    {
        try
        {
            ListOffsetsResult found = await _admin.ListOffsetsAsync(
                partitions.Select(p => new TopicPartitionOffsetSpec
                {
                    TopicPartition = new(p.Topic, p.Partition), OffsetSpec = which,
                }),
                new ListOffsetsOptions { IsolationLevel = IsolationLevel.ReadCommitted, RequestTimeout = _attemptMax });
            return [.. found.ResultInfos.Select(i => Known(i.TopicPartitionOffsetError))];
        }
        catch (KafkaException e)
        {
            Error? error = await RefreshAsync(partitions) ?? (e as ListOffsetsException)?.Result.ResultInfos
                .Select(i => i.TopicPartitionOffsetError.Error).FirstOrDefault(r => r.IsError);
            throw error is null ? e : new KafkaException(error, e);
        }
    }

    // Where nobody leads the partition, an answer may come without offset and without error.
    private static TopicPartitionOffset Known(TopicPartitionOffsetError found) =>
        found.Error.IsError ? throw new KafkaException(found.Error)
        : found.Offset == Offset.Unset ? throw new KafkaException(ErrorCode.LeaderNotAvailable)
        : found.TopicPartitionOffset;

    // The client remembers for minutes that a partition had no leader, unless somebody asks for the topic. It also
    // says that there is no leader where a right is missing, so the topic is asked why.
    private async Task<Error?> RefreshAsync(IReadOnlyList<TopicPartition> partitions)
    {
        try
        {
            foreach (string topic in partitions.Select(p => p.Topic).Distinct())
            {
                if ((await LookUpAsync(topic, RefreshMax)).Error is { IsError: true } error)
                {
                    return error;
                }
            }
        }
        catch (KafkaException)
        {
            // What is asked next fails too.
        }

        return null;
    }

    private Task<TopicMetadata> LookUpAsync(string topic, TimeSpan most) =>
        BesideAsync(() => _admin.GetMetadata(topic, most).Topics.Single(t => t.Topic == topic));

    // What blocks has a thread while it lasts.
    private static Task<T> BesideAsync<T>(Func<T> ask) => Task.Factory.StartNew(
        ask, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private async ValueTask<T> AskAsync<T>(
        string what, KafkaRight right, Func<Task<T>> ask, CancellationToken cancellationToken)
    {
        try
        {
            return await _retry.ExecuteAsync(async token => await AskOnceAsync(ask, token), cancellationToken);
        }
        catch (KafkaException e)
        {
            bool tellsLess = e.Error.Code == ErrorCode.Local_TimedOut || KafkaFaults.IsRefusal(_lastError);
            Error error = tellsLess ? _lastError ?? e.Error : e.Error;
            throw KafkaFaults.Of(error, $"{what} at {_options.BootstrapServers}", right, e);
        }
    }

    // Who gives up does not wait for the answer; the question keeps its turn until it is there.
    private async Task<T> AskOnceAsync<T>(Func<Task<T>> ask, CancellationToken cancellationToken)
    {
        await _turns.WaitAsync(cancellationToken);
        return await AskInTurnAsync(ask).WaitAsync(cancellationToken);
    }

    private async Task<T> AskInTurnAsync<T>(Func<Task<T>> ask)
    {
        try
        {
            return await ask();
        }
        finally
        {
            _turns.Release();
        }
    }
}
