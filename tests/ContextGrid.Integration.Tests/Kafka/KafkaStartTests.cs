using System.Globalization;
using Confluent.Kafka;
using ContextGrid.Client;
using ContextGrid.Contracts.V1;

namespace ContextGrid.Integration.Tests.Kafka;

/// <summary>Where new state begins in a topic of a real broker, and how a topic gets another name.</summary>
public sealed class KafkaStartTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    // An hour apart, all in the past.
    private static readonly DateTimeOffset[] Hours =
        [.. Enumerable.Range(0, 4).Select(h => TimeProvider.System.GetUtcNow().AddHours(h - 5))];

    private readonly GridFolder _grid = new(Definitions("earliest"));

    public void Dispose() => _grid.Dispose();

    [Fact]
    public async Task Start_LatestOrATime_BeginsThereAndIsKept()
    {
        await using KafkaBroker broker = await KafkaBroker.StartAsync();
        await KafkaTopics.CreateAsync(broker.BootstrapServers, ("payments", 2));
        await ProduceAsync(broker, Hours[0], Hours[1], Hours[2]);
        _grid.WriteDefinitions(Definitions("latest"));
        await RunAsync(broker, [], async (_, client) =>
        {
            Assert.Equal(0, await CountAsync(client));
            GetStatusResponse status = await client.GetStatusAsync();
            Assert.Equal(3, status.Sources.Sum(s => s.StartOffset));
            Assert.All(status.Sources, s => Assert.Empty(s.Gaps));
            Assert.Contains(status.Recovery, s => s.Contains("what is before is left out", StringComparison.Ordinal));
        });
        await ProduceAsync(broker, Hours[3]);
        await RunAsync(broker, [], async (server, client) => await AtAsync(server, client, 1));

        string time = Hours[1].ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
        _grid.WriteDefinitions(Definitions(time));
        await RunAsync(broker, [], async (server, client) => await AtAsync(server, client, 1));
        await RunAsync(broker, ["--rebuild"], async (server, client) => await AtAsync(server, client, 3));

        // A silo does as well.
        await RunAsync(broker, Cluster(), async (server, client) => await AtAsync(server, client, 3));
        _grid.WriteDefinitions(Definitions("latest"));
        ProcessRun refused = await _grid.RunAsync(["--kafka", broker.BootstrapServers, .. Cluster()]);
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("give a time", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rename_AsTheDocumentSays_GivesTheSameValues()
    {
        await using KafkaBroker broker = await KafkaBroker.StartAsync();
        await KafkaTopics.CreateAsync(broker.BootstrapServers, ("payments", 2), ("orders", 2));
        await ProduceAsync(broker, Hours);
        await RunAsync(broker, [], async (server, client) => await AtAsync(server, client, 4));
        string[] lines = await File.ReadAllLinesAsync(Path.Combine(AppContext.BaseDirectory, "OPERATIONS.md"));
        string[] copy =
        [
            .. lines.SkipWhile(l => !l.Contains("kcat -C -b 127.0.0.1:9092 -t payments", StringComparison.Ordinal))
                .Take(2),
        ];
        ProcessRun run = await ProcessRun.RunAsync("bash", ["-e", "-o", "pipefail", "-c",
            string.Join('\n', copy).Replace("127.0.0.1:9092", broker.BootstrapServers, StringComparison.Ordinal)]);
        run.RequireSuccess();
        _grid.WriteDefinitions(Definitions("earliest").Replace("topic: payments", "topic: orders"));
        ProcessRun refused = await _grid.RunAsync("--kafka", broker.BootstrapServers);
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("--rebuild", refused.Error, StringComparison.Ordinal);
        await RunAsync(broker, ["--rebuild"], async (server, client) => await AtAsync(server, client, 4));
    }

    private static string Definitions(string start) => $$"""
        version: 1
        events:
          payment:
            topic: payments
            start: {{start}}
            fields: {user: string, n: int64}
        entities:
          user:
            from: {payment: user}
            features: {payments: payment | count()}

        """;

    private string[] Cluster() =>
        ["--cluster", "--silo", $"127.0.0.1:{PartProcess.FreePort()}", "--snapshots", _grid.At("snapshots")];

    private static async Task ProduceAsync(KafkaBroker broker, params DateTimeOffset[] times)
    {
        using IProducer<string, string> producer = new ProducerBuilder<string, string>(
            new ProducerConfig { BootstrapServers = broker.BootstrapServers }).Build();
        foreach (DateTimeOffset time in times)
        {
            await producer.ProduceAsync("payments", new Message<string, string>
            {
                Key = "u1", Value = """{"user":"u1","n":1}""", Timestamp = new Timestamp(time),
            });
        }
    }

    private async Task RunAsync(
        KafkaBroker broker, string[] more, Func<ServerProcess, ContextGridClient, Task> use)
    {
        await using ServerProcess server = await _grid.StartAsync(
            ["--kafka", broker.BootstrapServers, "--checkpoint-interval", "1", .. more]);
        using ContextGridClient client = GridFolder.Connect(server);
        await server.WaitUntilReadyAsync(Limit);
        await use(server, client);
        Assert.Equal(0, await server.TerminateAsync(Limit));
    }

    private static Task AtAsync(ServerProcess server, ContextGridClient client, long count) =>
        server.WaitUntilAsync($"at {count} payments", Limit, async () => await CountAsync(client) == count);

    private static async Task<long> CountAsync(ContextGridClient client) =>
        (await GridFolder.ReadAsync(client, "u1", []))["payments"].AsInt64 ?? 0;
}
