using Confluent.Kafka;
using Confluent.Kafka.Admin;
using ContextGrid.Client;
using ContextGrid.Contracts.V1;

namespace ContextGrid.Integration.Tests.Kafka;

/// <summary>A source topic that a real broker compacts: told at the start, and what it has removed is a declared gap,
/// while transactions leave none. Tombstones are counted and passed over.</summary>
public sealed class KafkaCompactionTests : IDisposable
{
    private const string Definitions = """
        version: 1
        events:
          payment: {topic: payments, fields: {user: string, n: int64}}
        entities:
          user:
            from: {payment: user}
            features:
              payments: payment | count()
              newest: payment | last(n)

        """;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    private readonly GridFolder _grid = new(Definitions);

    public void Dispose() => _grid.Dispose();

    [Fact]
    public async Task Rebuild_AfterCompaction_DeclaresTheGapAndSaysWhichFeaturesItTouches()
    {
        await using KafkaBroker broker = await StartBrokerAsync();
        await CreateAsync(broker);
        using IProducer<string, string?> producer = Producer(broker);
        for (int n = 1; n <= 3; n++)
        {
            await producer.ProduceAsync("payments", Payment("u1", n));
        }

        await producer.ProduceAsync("payments", Payment("u2", 1));
        await producer.ProduceAsync("payments", new Message<string, string?> { Key = "u2", Value = null });
        await using (ServerProcess server = await _grid.StartAsync("--kafka", broker.BootstrapServers))
        {
            using ContextGridClient client = GridFolder.Connect(server);
            GetStatusResponse status = await AtEndAsync(server, client, offset: 4);
            string note = Assert.Single(status.Notes, n => n.Contains("is compacted", StringComparison.Ordinal));
            Assert.Contains("user.payments", note, StringComparison.Ordinal);
            Assert.DoesNotContain("user.newest", note, StringComparison.Ordinal);
            Assert.Contains("payments is compacted", server.Output, StringComparison.Ordinal);
            Assert.Equal((1, 0), (status.Counters["tombstones"], status.DeadLetters));
            Assert.Empty(status.Sources[0].Gaps);
            Assert.Equal(3, await CountAsync(client, "u1"));
            Assert.Equal(1, await CountAsync(client, "u2"));
            Assert.Equal(0, await server.TerminateAsync(Limit));
        }

        await CompactAsync(broker, producer);
        await using (ServerProcess again = await _grid.StartAsync("--kafka", broker.BootstrapServers))
        {
            using ContextGridClient client = GridFolder.Connect(again);
            await again.WaitUntilReadyAsync(Limit);
            Assert.Equal(3, await CountAsync(client, "u1"));
            Assert.Equal(0, await again.TerminateAsync(Limit));
        }

        await using ServerProcess rebuilt = await _grid.StartAsync("--kafka", broker.BootstrapServers, "--rebuild");
        using ContextGridClient last = GridFolder.Connect(rebuilt);
        await rebuilt.WaitUntilReadyAsync(Limit);
        GetStatusResponse found = await last.GetStatusAsync();
        Assert.Equal(0, Assert.Single(found.Sources[0].Gaps).First);
        Assert.Contains(found.Recovery, s => s.Contains("which is compacted", StringComparison.Ordinal));
        ContextResult answer = await last.GetAsync(new ContextRequest { Entities = [new EntityId("user", "u1")] });
        Assert.Single(answer.Sources[0].Gaps);
        Assert.Equal((1, 3), (answer.Entities[0]["payments"].AsInt64, answer.Entities[0]["newest"].AsInt64));
    }

    [Fact]
    public async Task Read_TransactionsOnACompactedTopic_AreNoGap()
    {
        await using KafkaBroker broker = await StartBrokerAsync();
        await CreateAsync(broker);
        using IProducer<string, string?> one = Producer(broker, "one"), two = Producer(broker, "two");
        one.InitTransactions(Limit);
        two.InitTransactions(Limit);
        await AbortAsync(one, records: 3);
        await CommitAsync(one, records: 1);
        await CommitAsync(one, records: 5);
        one.BeginTransaction();
        two.BeginTransaction();
        await one.ProduceAsync("payments", Payment("u1", 7));
        await two.ProduceAsync("payments", Payment("u1", 8));
        one.CommitTransaction(Limit);
        two.CommitTransaction(Limit);
        await AbortAsync(two, records: 20);
        await CommitAsync(two, records: 1);
        await using ServerProcess server = await _grid.StartAsync("--kafka", broker.BootstrapServers);
        using ContextGridClient client = GridFolder.Connect(server);
        await server.WaitUntilAsync("at the end", Limit, async () => await CountAsync(client, "u1") == 9);
        Assert.Empty((await client.GetStatusAsync()).Sources[0].Gaps);

        // Another transaction while it waits at the end, behind the marker of the last one.
        await CommitAsync(two, records: 1);
        await AbortAsync(one, records: 1);
        await CommitAsync(one, records: 1);
        await server.WaitUntilAsync("at the end", Limit, async () => await CountAsync(client, "u1") == 11);
        Assert.Empty((await client.GetStatusAsync()).Sources[0].Gaps);
    }

    // The cleaner looks often; what the tests need no more than a listener for is only its configuration.
    private static Task<KafkaBroker> StartBrokerAsync()
    {
        int port = PartProcess.FreePort();
        return KafkaBroker.StartAsync(
            new KafkaListener("MORE", "PLAINTEXT", port, port, ["log.cleaner.backoff.ms=100"]));
    }

    private static async Task CreateAsync(KafkaBroker broker)
    {
        using IAdminClient admin = new AdminClientBuilder(
            new AdminClientConfig { BootstrapServers = broker.BootstrapServers }).Build();
        await admin.CreateTopicsAsync(
        [
            new TopicSpecification
            {
                Name = "payments",
                NumPartitions = 1,
                Configs = new Dictionary<string, string> { ["cleanup.policy"] = "compact" },
            },
        ]);
    }

    private static ConfigEntry Setting(string name, string value) =>
        new() { Name = name, Value = value, IncrementalOperation = AlterConfigOpType.Set };

    private static IProducer<string, string?> Producer(KafkaBroker broker, string? transactions = null) =>
        new ProducerBuilder<string, string?>(new ProducerConfig
        {
            BootstrapServers = broker.BootstrapServers, EnableIdempotence = true, TransactionalId = transactions,
        }).SetValueSerializer(new Texts()).SetLogHandler((_, _) => { }).Build();

    private static Message<string, string?> Payment(string user, int n) =>
        new() { Key = user, Value = $$"""{"user":"{{user}}","n":{{n}}}""" };

    private static async Task CommitAsync(IProducer<string, string?> producer, int records)
    {
        producer.BeginTransaction();
        for (int i = 0; i < records; i++)
        {
            await producer.ProduceAsync("payments", Payment("u1", i));
        }

        producer.CommitTransaction(Limit);
    }

    private static async Task AbortAsync(IProducer<string, string?> producer, int records)
    {
        producer.BeginTransaction();
        for (int i = 0; i < records; i++)
        {
            await producer.ProduceAsync("payments", Payment("u1", i));
        }

        producer.AbortTransaction(Limit);
    }

    // Nothing is cleaned before: the records are in the segment that is written to. Now others' records roll it.
    private static async Task CompactAsync(KafkaBroker broker, IProducer<string, string?> producer)
    {
        using IAdminClient admin = new AdminClientBuilder(
            new AdminClientConfig { BootstrapServers = broker.BootstrapServers }).Build();
        var topic = new ConfigResource { Type = ResourceType.Topic, Name = "payments" };
        await admin.IncrementalAlterConfigsAsync(new Dictionary<ConfigResource, List<ConfigEntry>>
        {
            [topic] = [Setting("segment.ms", "100"), Setting("min.cleanable.dirty.ratio", "0.01")],
        });
        using var limit = new CancellationTokenSource(Limit);
        for (int n = 0; ; n++)
        {
            limit.Token.ThrowIfCancellationRequested();
            await producer.ProduceAsync("payments", Payment("other", n), limit.Token);
            var records = await KafkaTopics.ReadAsync(broker.BootstrapServers, "payments");
            if (records.Count(r => r.Value.Contains("\"u1\"", StringComparison.Ordinal)) == 1)
            {
                return;
            }
        }
    }

    private static async Task<GetStatusResponse> AtEndAsync(ServerProcess server, ContextGridClient client, long offset)
    {
        await server.WaitUntilAsync("at the end", Limit, async () =>
            (await client.GetStatusAsync()).Sources[0].AppliedOffset == offset);
        return await client.GetStatusAsync();
    }

    private static async Task<long> CountAsync(ContextGridClient client, string user) =>
        (await GridFolder.ReadAsync(client, user, []))["payments"].AsInt64 ?? 0;

    // The library's own serializer of texts writes nulls as well, but has another type.
    private sealed class Texts : ISerializer<string?>
    {
        public byte[]? Serialize(string? data, SerializationContext context) =>
            data is null ? null : System.Text.Encoding.UTF8.GetBytes(data);
    }
}
