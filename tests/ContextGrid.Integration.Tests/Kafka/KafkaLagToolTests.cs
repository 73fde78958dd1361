using System.Globalization;
using ContextGrid.Client;

namespace ContextGrid.Integration.Tests.Kafka;

/// <summary>The consumer group's offsets are for tools that show lag; the server's own checkpoint says where it is.
/// </summary>
public sealed class KafkaLagToolTests : IDisposable
{
    private const string Definitions = """
        version: 1
        events:
          payment: {topic: payments, fields: {user: string, n: int64}}
        entities:
          user:
            from: {payment: user}
            features: {payments: payment | count(), total: payment | sum(n)}

        """;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    private readonly GridFolder _grid = new(Definitions);

    public void Dispose() => _grid.Dispose();

    [Fact]
    public async Task Group_AfterACheckpoint_HasItsPositionsAndNobodyReadsThem()
    {
        await using KafkaBroker broker = await KafkaBroker.StartAsync();
        await KafkaTopics.CreateAsync(broker.BootstrapServers, ("payments", 2));
        using var load = new OutputLoad(broker.BootstrapServers);
        await load.ProduceAsync(users: 10, events: 500);
        await using (ServerProcess server = await StartAsync(broker))
        {
            await server.WaitUntilAsync("known to lag tools", Limit, async () =>
                (await DescribeAsync(broker)).Values.Sum(v => v.Offset) == 500);
            Assert.All((await DescribeAsync(broker)).Values, v => Assert.Equal(0, v.Lag));
            Assert.Equal(0, await server.TerminateAsync(Limit));
        }

        await load.ProduceAsync(users: 10, events: 100);
        Assert.Equal(100, (await DescribeAsync(broker)).Values.Sum(v => v.Lag));
        await GroupsAsync(
            broker, "--group", "lag-tools", "--reset-offsets", "--to-earliest", "--topic", "payments", "--execute");
        await using ServerProcess next = await StartAsync(broker);
        await next.WaitUntilReadyAsync(Limit);
        using ContextGridClient client = GridFolder.Connect(next);
        await next.WaitUntilAsync("at the end", Limit, async () =>
            (await client.GetStatusAsync()).Sources.Sum(s => s.AppliedOffset + 1) == 600);
        Assert.Equal(100, (await client.GetStatusAsync()).EventsApplied);
        EntityResult user = (await client.GetAsync(
            new ContextRequest { Entities = [new EntityId("user", "u3")] })).Entities[0];
        Assert.Equal(60, user["payments"].AsInt64);
    }

    private Task<ServerProcess> StartAsync(KafkaBroker broker) => _grid.StartAsync(
        "--checkpoint-interval", "1", "--kafka", broker.BootstrapServers, "--kafka-group", "lag-tools");

    private static async Task<Dictionary<string, (long Offset, long Lag)>> DescribeAsync(KafkaBroker broker)
    {
        string output = await GroupsAsync(broker, "--describe", "--group", "lag-tools");
        return output.Split('\n').Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(f => f is ["lag-tools", "payments", ..])
            .ToDictionary(f => f[2], f => (Number(f[3]), Number(f[5])));
    }

    private static long Number(string text) =>
        long.TryParse(text, CultureInfo.InvariantCulture, out long number) ? number : 0;

    // A group that is not there yet is an error of the tool.
    private static async Task<string> GroupsAsync(KafkaBroker broker, params string[] arguments) =>
        (await ProcessRun.RunAsync(
            "bash",
            [
                SharedParts.RequireFile("kafka/bin/kafka.sh"), "groups", "--bootstrap-server", broker.BootstrapServers,
                .. arguments,
            ],
            new Dictionary<string, string> { ["KAFKA_HEAP"] = "128m" })).Output;
}
