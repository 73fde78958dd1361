using ContextGrid.Client;

namespace ContextGrid.Integration.Tests.Kafka;

/// <summary>A topic of a real broker gets partitions while a server reads it.</summary>
public sealed class KafkaGrowthTests : IDisposable
{
    private const string Definitions = """
        version: 1
        events:
          payment: {topic: payments, fields: {user: string, n: int64}}
        entities:
          user: {from: {payment: user}, features: {payments: payment | count()}}

        """;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    private readonly GridFolder _grid = new(Definitions);

    public void Dispose() => _grid.Dispose();

    [Fact]
    public async Task Run_PartitionsAreAdded_IsNotReadyUntilARestartReadsThem()
    {
        await using KafkaBroker broker = await KafkaBroker.StartAsync();
        await KafkaTopics.CreateAsync(broker.BootstrapServers, ("payments", 1));
        using (var before = new OutputLoad(broker.BootstrapServers))
        {
            await before.ProduceAsync(users: 20, events: 200);
        }

        await using (ServerProcess server = await StartAsync(broker))
        {
            await server.WaitUntilReadyAsync(Limit);
            await AlterAsync(broker, "4");
            using var http = new HttpClient { BaseAddress = server.Http };
            await server.WaitUntilAsync("told that the topic has grown", Limit, async () =>
                (await (await http.GetAsync("/readyz")).Content.ReadAsStringAsync()).Contains(
                    "payments has 4 partitions now, and 1 are read; restart", StringComparison.Ordinal));
            Assert.Equal(0, await server.TerminateAsync(Limit));
        }

        using var after = new OutputLoad(broker.BootstrapServers);
        await after.ProduceAsync(users: 20, events: 200);
        await using ServerProcess next = await StartAsync(broker);
        await next.WaitUntilReadyAsync(Limit);
        using ContextGridClient client = GridFolder.Connect(next);
        await next.WaitUntilAsync("at the end", Limit, async () =>
            (await client.GetStatusAsync()).Sources.Sum(s => s.AppliedOffset + 1) == 400);
        ContextResult all = await client.GetAsync(new ContextRequest
        {
            Entities = [.. Enumerable.Range(0, 20).Select(i => new EntityId("user", $"u{i}"))],
        });
        Assert.All(all.Entities, user => Assert.Equal(20, user["payments"].AsInt64));
        Assert.True((await client.GetStatusAsync()).Sources.Count(s => s.AppliedOffset >= 0) > 1);
    }

    private Task<ServerProcess> StartAsync(KafkaBroker broker) => _grid.StartAsync("--kafka", broker.BootstrapServers);

    private static async Task AlterAsync(KafkaBroker broker, string partitions)
    {
        ProcessRun run = await ProcessRun.RunAsync(
            "bash",
            [
                SharedParts.RequireFile("kafka/bin/kafka.sh"), "topics", "--bootstrap-server", broker.BootstrapServers,
                "--alter", "--topic", "payments", "--partitions", partitions,
            ],
            new Dictionary<string, string> { ["KAFKA_HEAP"] = "128m" });
        run.RequireSuccess();
    }
}
