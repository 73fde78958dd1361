using ContextGrid.Adapters.Kafka;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.TestKit.Logs;
using Microsoft.Extensions.Logging.Abstractions;

namespace ContextGrid.Adapters.Tests.Kafka;

public sealed class MockConformanceTests : EventLogConformance
{
    private readonly MockCluster _cluster = new(brokers: 3);

    // The mock makes every topic that is asked for, and does not know times.
    protected override bool IsWhole => false;

    protected override async ValueTask<IEventLog> OpenAsync()
    {
        _cluster.CreateTopic(Topic, Partitions);
        return await KafkaEventLog.OpenAsync(
            new KafkaOptions { BootstrapServers = _cluster.BootstrapServers }, TimeProvider.System,
            NullLogger.Instance, default);
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _cluster.Dispose();
    }
}
