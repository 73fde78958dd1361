using ContextGrid.Runtime.Ingestion;
using ContextGrid.TestKit.Logs;

namespace ContextGrid.Adapters.Tests.Kafka;

[Collection("kafka")]
public sealed class BrokerConformanceTests(BrokerFixture kafka) : EventLogConformance
{
    private readonly string _topic = kafka.NextTopic("conformance");

    protected override string Topic => _topic;

    protected override async ValueTask<IEventLog> OpenAsync()
    {
        await kafka.CreateTopicAsync(_topic, Partitions);
        return await kafka.OpenAsync();
    }
}
