using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using Confluent.Kafka;
using ContextGrid.Adapters.Kafka;
using ContextGrid.Runtime.Checkpoints;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace ContextGrid.Adapters.Tests.Kafka;

[Collection("kafka")]
public sealed class KafkaGroupOffsetsTests(BrokerFixture kafka)
{
    private readonly string _topic = kafka.NextTopic("group");

    [Fact]
    public async Task Dispose_NewerCheckpointThanWritten_WritesExactlyItsPositions()
    {
        await kafka.CreateTopicAsync(_topic, 2);
        using var meter = new Meter("test");
        var options = new KafkaOptions { BootstrapServers = kafka.Broker.BootstrapServers, Group = _topic };
        ImmutableArray<SourceProgress> durable = [At(0, 5), At(1, 7)];
        var offsets = new KafkaGroupOffsets(
            options, () => durable, meter, TimeProvider.System, NullLogger.Instance);
        while (!Committed().SequenceEqual([5L, 7L]))
        {
            await Task.Yield(); // Each look is a question to the broker.
        }

        // After a rebuild positions are smaller.
        durable = [At(0, 3), At(1, 8)];
        await offsets.DisposeAsync();
        Assert.Equal([3L, 8L], Committed());
    }

    [Fact]
    public async Task Run_BrokersAreAway_CountsEachFailureAndLogsOnce()
    {
        Librdkafka.Require();
        using var meter = new Meter("test");
        using var failures = new Failures(meter);
        var options = new KafkaOptions
        {
            BootstrapServers = "127.0.0.1:1",
            Properties = new Dictionary<string, string> { ["session.timeout.ms"] = "1000" },
            LookInterval = TimeSpan.FromMilliseconds(10),
        };
        var lines = new Lines();
        await using var offsets = new KafkaGroupOffsets(options, () => [At(0, 5)], meter, TimeProvider.System, lines);
        await failures.Second.WaitAsync(TimeSpan.FromMinutes(2));
        Assert.Contains("group contextgrid", Assert.Single(lines.All), StringComparison.Ordinal);
    }

    private SourceProgress At(int partition, long next) => new(_topic, partition, next, []);

    private IEnumerable<long> Committed()
    {
        using IConsumer<Ignore, Ignore> consumer = new ConsumerBuilder<Ignore, Ignore>(new ConsumerConfig
        {
            BootstrapServers = kafka.Broker.BootstrapServers, GroupId = _topic,
        }).Build();
        return consumer.Committed([new(_topic, 0), new(_topic, 1)], TimeSpan.FromSeconds(30))
            .Select(c => c.Offset.Value);
    }

    /// <summary>Waits for the second failed commit.</summary>
    private sealed class Failures : IDisposable
    {
        private readonly TaskCompletionSource _second = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly MeterListener _listener = new();
        private int _count;

        internal Failures(Meter meter)
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter == meter)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<long>((_, _, tags, _) =>
            {
                if (tags[0].Value is "failed" && ++_count == 2)
                {
                    _second.SetResult();
                }
            });
            _listener.Start();
        }

        internal Task Second => _second.Task;

        public void Dispose() => _listener.Dispose();
    }

    private sealed class Lines : ILogger
    {
        internal ConcurrentQueue<string> All { get; } = [];

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter) => All.Enqueue(formatter(state, exception));
    }
}
