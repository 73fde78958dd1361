using ContextGrid.Client;
using static ContextGrid.Integration.Tests.Kafka.ReplacedTopic;

namespace ContextGrid.Integration.Tests.Kafka;

/// <summary>
/// A topic of a real broker is deleted and made anew, with fewer records or with more than were applied; to a reader a
/// truncation looks the same.
/// </summary>
public sealed class KafkaReplacedTests : IDisposable
{
    private const string Definitions = """
        version: 1
        events:
          payment: {topic: payments, fields: {user: string, n: int64}}
        entities:
          user: {from: {payment: user}, features: {payments: payment | count(), total: payment | sum(n)}}

        """;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    private readonly GridFolder _grid = new(Definitions);

    public void Dispose() => _grid.Dispose();

    [Fact]
    public async Task Start_TopicWasMadeAnew_IsDeclaredAndNothingIsSkippedOrCountedTwice()
    {
        await using KafkaBroker broker = await KafkaBroker.StartAsync();
        await KafkaTopics.CreateAsync(broker.BootstrapServers, ("payments", 1));
        using var load = new OutputLoad(broker.BootstrapServers);
        await load.ProduceAsync(users: 1, events: 100);
        await ApplyAndStopAsync(broker, 100);

        // Shorter than what is applied: refused, unless the topic is to be gone on with.
        await AnewAsync(broker);
        await load.ProduceAsync(users: 1, events: 30);
        ProcessRun refused = await _grid.RunAsync("--kafka", broker.BootstrapServers);
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("--rebuild", refused.Error, StringComparison.Ordinal);
        await using (ServerProcess server = await StartAsync(broker, "--kafka-lost-offsets", "payments=latest"))
        {
            using ContextGridClient client = GridFolder.Connect(server);
            Assert.Equal((100, 0, 99), await ReadAsync(client));
            await load.ProduceAsync(users: 1, events: 100);
            await server.WaitUntilAsync("past the old position", Limit, async () =>
                (await ReadAsync(client)).Payments == 130);
            Assert.Equal((130, 0, 99), await ReadAsync(client));
            Assert.Equal(0, await server.TerminateAsync(Limit));
        }

        // Longer than what is applied: told by the last record, which is another one.
        await AnewAsync(broker);
        await load.ProduceAsync(users: 1, events: 200);
        await using (ServerProcess server = await StartAsync(broker))
        {
            await RequireStoppedAsync(server, "the record at offset 129 is another one", (130, 0, 129));
            await server.KillAsync();
        }

        await using ServerProcess rebuilt = await StartAsync(broker, "--rebuild");
        using ContextGridClient last = GridFolder.Connect(rebuilt);
        await rebuilt.WaitUntilReadyAsync(Limit);
        Assert.Equal((200, -1, -1), await ReadAsync(last));
    }

    [Fact]
    public async Task Run_TopicIsMadeAnew_StopsOrGoesOnAsItIsSet()
    {
        await using KafkaBroker broker = await KafkaBroker.StartAsync();
        await KafkaTopics.CreateAsync(broker.BootstrapServers, ("payments", 1));
        using var load = new OutputLoad(broker.BootstrapServers);
        await load.ProduceAsync(users: 1, events: 100);
        await using (ServerProcess server = await StartAsync(broker, "--kafka-lost-offsets", "latest"))
        {
            using ContextGridClient client = GridFolder.Connect(server);
            await server.WaitUntilAsync("applied", Limit, async () => (await ReadAsync(client)).Payments == 100);
            await AnewAsync(broker);
            await load.ProduceAsync(users: 1, events: 60);
            await server.WaitUntilAsync("told", Limit, async () => await ReadAsync(client) == (100, 0, 99));
            await load.ProduceAsync(users: 1, events: 60);
            await server.WaitUntilAsync("past the old position", Limit, async () =>
                (await ReadAsync(client)).Payments == 120);
            Assert.Equal(0, await server.TerminateAsync(Limit));
        }

        await using ServerProcess careful = await StartAsync(broker);
        await careful.WaitUntilReadyAsync(Limit);
        await AnewAsync(broker);
        await load.ProduceAsync(users: 1, events: 5);
        await RequireStoppedAsync(careful, "Stopped at offset 120", (120, 0, 119));
    }

    private Task<ServerProcess> StartAsync(KafkaBroker broker, params string[] more) => _grid.StartAsync(
        ["--checkpoint-interval", "1", "--kafka", broker.BootstrapServers, .. more]);

    private async Task ApplyAndStopAsync(KafkaBroker broker, int payments)
    {
        await using ServerProcess server = await StartAsync(broker);
        using ContextGridClient client = GridFolder.Connect(server);
        await server.WaitUntilAsync("applied", Limit, async () => (await ReadAsync(client)).Payments == payments);
        Assert.Equal(0, await server.TerminateAsync(Limit));
    }

    // The broker deletes in the background, and refuses the name until it has.
    private static async Task AnewAsync(KafkaBroker broker)
    {
        await KafkaTopics.DeleteAsync(broker.BootstrapServers, "payments");
        await KafkaTopics.CreateAsync(broker.BootstrapServers, ("payments", 1));
    }
}
