using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using Confluent.Kafka;
using ContextGrid.Runtime.Checkpoints;
using Microsoft.Extensions.Logging;
using TopicPartition = ContextGrid.Runtime.Ingestion.TopicPartition;

namespace ContextGrid.Adapters.Kafka;

/// <summary>
/// Writes the positions of durable checkpoints as the offsets of a consumer group, so that tools show the lag. Nothing
/// reads them back (I7). Owns a client that is no member of the group, and the task that looks for newer checkpoints;
/// what fails is counted, logged at most once a minute, and tried again, and holds up nobody.
/// </summary>
public sealed partial class KafkaGroupOffsets : IAsyncDisposable
{
    private static readonly TimeSpan LogInterval = TimeSpan.FromMinutes(1);

    // As for the log: brokers that are away are not waited for.
    private static readonly TimeSpan CloseMax = TimeSpan.FromSeconds(5);

    private readonly KafkaOptions _options;
    private readonly Func<ImmutableArray<SourceProgress>> _durable;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly IConsumer<int, int> _consumer;
    private readonly Counter<long> _commits;
    private readonly CancellationTokenSource _closing = new();
    private readonly Dictionary<TopicPartition, long> _written = [];
    private readonly Task _running;
    private long? _loggedAt;

    /// <summary>Begins to write.</summary>
    /// <param name="options">The brokers and the group.</param>
    /// <param name="durable">Tells the positions of the newest durable checkpoint.</param>
    /// <param name="meter">Where writes are counted.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Is told of failures.</param>
    public KafkaGroupOffsets(
        KafkaOptions options,
        Func<ImmutableArray<SourceProgress>> durable,
        Meter meter,
        TimeProvider time,
        ILogger logger)
    {
        (_options, _durable, _time, _logger) = (options, durable, time, logger);
        _commits = meter.CreateCounter<long>(
            "contextgrid_kafka_group_commits", "{commit}", "Commits of group offsets for lag tools, by outcome.");
        _consumer = new ConsumerBuilder<int, int>(KafkaConfigs.Consumer(options))
            .SetKeyDeserializer(new RecordBuffer())
            .SetValueDeserializer(new RecordBuffer())
            .SetErrorHandler((_, _) => { })
            .SetLogHandler((_, _) => { })
            .Build();
        _running = RunAsync();
    }

    /// <summary>Writes the offsets of the last checkpoint, if the brokers answer soon, and ends.</summary>
    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        Task closed = Task.Run(async () =>
        {
            await _running;
            Write();
            _consumer.Dispose();
            _closing.Dispose();
        });
        await Task.WhenAny(closed, Task.Delay(CloseMax, _time));
    }

    private async Task RunAsync()
    {
        using var timer = new PeriodicTimer(_options.LookInterval, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(_closing.Token))
            {
                // The client answers by blocking, for as long as no coordinator is found.
                await Task.Factory.StartNew(
                    Write, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            }
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }

    private void Write()
    {
        SourceProgress[] moved =
        [
            .. _durable().Where(s => _written.GetValueOrDefault(new TopicPartition(s.Topic, s.Partition), -1)
                != s.NextOffset),
        ];
        if (moved.Length == 0)
        {
            return;
        }

        try
        {
            _consumer.Commit(moved.Select(s => new TopicPartitionOffset(s.Topic, s.Partition, s.NextOffset)));
            Array.ForEach(moved, s => _written[new TopicPartition(s.Topic, s.Partition)] = s.NextOffset);
            Count("ok");
        }
        catch (KafkaException e)
        {
            Count("failed");
            Log(e is TopicPartitionOffsetException { Results: var results }
                ? results.First(r => r.Error.IsError).Error
                : e.Error);
        }
    }

    private void Count(string outcome) => _commits.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    private void Log(Error error)
    {
        if (_loggedAt is not { } at || _time.GetElapsedTime(at) > LogInterval)
        {
            _loggedAt = _time.GetTimestamp();
            LogFailed(_options.Group, KafkaFaults.Of(error, "The client says").Message);
        }
    }

    [LoggerMessage(LogLevel.Warning, "The offsets of group {Group}, which only lag tools read, are not written and are "
        + "tried again; --kafka-group names another group, and an empty one writes none. {Message}")]
    private partial void LogFailed(string group, string message);
}
