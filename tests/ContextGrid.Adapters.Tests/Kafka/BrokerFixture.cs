using Confluent.Kafka;
using Confluent.Kafka.Admin;
using ContextGrid.Adapters.Kafka;
using ContextGrid.TestKit.Parts;
using Microsoft.Extensions.Logging.Abstractions;

namespace ContextGrid.Adapters.Tests.Kafka;

/// <summary>One real broker for all tests that do not hurt it.</summary>
public sealed class BrokerFixture : IAsyncLifetime
{
    private KafkaBroker? _broker;
    private int _topics;

    /// <summary>The broker.</summary>
    public KafkaBroker Broker => _broker ?? throw new InvalidOperationException("The broker did not start.");

    public async ValueTask InitializeAsync()
    {
        try
        {
            _broker = await KafkaBroker.StartAsync();
        }
        catch (Exception e) when (e.Message.StartsWith("$XunitDynamicSkip$", StringComparison.Ordinal))
        {
            Missing = e.Message["$XunitDynamicSkip$".Length..];
        }
    }

    /// <summary>Why there is no broker; null: there is one.</summary>
    public string? Missing { get; private set; }

    /// <summary>A name that no other test uses.</summary>
    public string NextTopic(string prefix) => $"{prefix}-{Interlocked.Increment(ref _topics)}";

    /// <summary>Makes a topic that takes the largest records.</summary>
    public async Task CreateTopicAsync(string topic, int partitions)
    {
        Assert.SkipWhen(Missing is not null, Missing ?? "");
        using IAdminClient admin = new AdminClientBuilder(
            new AdminClientConfig { BootstrapServers = Broker.BootstrapServers }).Build();
        await admin.CreateTopicsAsync(
        [
            new TopicSpecification
            {
                Name = topic,
                NumPartitions = partitions,
                Configs = new() { ["max.message.bytes"] = "2097152" },
            },
        ]);
        while (admin.GetMetadata(topic, TimeSpan.FromSeconds(30)).Topics[0].Partitions.Count < partitions)
        {
            // The broker that was asked to make it has not told everybody yet.
        }
    }

    /// <summary>Opens a log on the broker.</summary>
    internal async ValueTask<KafkaEventLog> OpenAsync(Func<KafkaOptions, KafkaOptions>? change = null)
    {
        Assert.SkipWhen(Missing is not null, Missing ?? "");
        var options = new KafkaOptions { BootstrapServers = Broker.BootstrapServers };
        return await KafkaEventLog.OpenAsync(
            change?.Invoke(options) ?? options, TimeProvider.System, NullLogger.Instance, default);
    }

    public ValueTask DisposeAsync() => _broker?.DisposeAsync() ?? ValueTask.CompletedTask;
}

/// <summary>Tests of one broker run one after the other.</summary>
[CollectionDefinition("kafka")]
public sealed class BrokerCollection : ICollectionFixture<BrokerFixture>;
