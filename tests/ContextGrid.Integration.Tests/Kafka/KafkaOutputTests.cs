using System.Text.Json;
using ContextGrid.Client;
using ContextGrid.Contracts.V1;

namespace ContextGrid.Integration.Tests.Kafka;

/// <summary>
/// Features that a real server writes back to a real broker: after kills of both under load the last value of each key
/// is right, as kcat and Kafka's own console consumer read it.
/// </summary>
public sealed class KafkaOutputTests : IDisposable
{
    private const string Topic = "user-features";

    private const string Definitions = """
        version: 1
        events:
          payment: {topic: payments, id: id, fields: {id: string, user: string, n: int64}}
        entities:
          user:
            from: {payment: user}
            features:
              payments: payment | count()
              total: payment | sum(n)
              newest: payment | last(n)
              by_user: payment | count() by user
              payments_1h: payment | count() over 1h
            outputs:
              features: {topic: user-features, features: [payments, total, newest, by_user], interval: 3s}

        """;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    private readonly GridFolder _grid = new(Definitions);

    public void Dispose() => _grid.Dispose();

    [Fact]
    public async Task Kill_ServerAndBrokerUnderLoad_LastValueOfEachKeyIsRight()
    {
        await using KafkaBroker broker = await KafkaBroker.StartAsync();
        await KafkaTopics.CreateAsync(broker.BootstrapServers, ("payments", 3));
        using var load = new OutputLoad(broker.BootstrapServers);
        var random = new Random(SoakNumber.Seed(7));
        for (int kill = 0; kill < 6; kill++)
        {
            await using ServerProcess server = await StartAsync(broker);
            // Users of this life do not change in the next: what is not written now is written by the next start.
            await load.ProduceAsync(users: 40, events: 300 + random.Next(600), prefix: $"{kill}");
            if (kill % 3 == 2)
            {
                await broker.KillAsync();
                await broker.RunAsync();
                await load.ProduceAsync(users: 40, events: 100, prefix: $"{kill}");
            }

            await (kill % 2 == 0 ? NextCheckpointAsync(server) : Task.CompletedTask);
            await server.KillAsync();
        }

        await using ServerProcess last = await StartAsync(broker);
        await WaitUntilWrittenAsync(last, load);
        load.Check(await ByKcatAsync(broker));
        load.Check(await ByConsoleConsumerAsync(broker));
        Assert.DoesNotContain("   at ", last.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_OutputIsNew_WritesEntitiesThatDoNotChangeAnyMore()
    {
        await using KafkaBroker broker = await KafkaBroker.StartAsync();
        await KafkaTopics.CreateAsync(broker.BootstrapServers, ("payments", 1));
        using var load = new OutputLoad(broker.BootstrapServers);
        await load.ProduceAsync(users: 700, events: 2_000);
        _grid.WriteDefinitions(Definitions[..Definitions.IndexOf("    outputs:", StringComparison.Ordinal)]);
        await using (ServerProcess server = await StartAsync(broker))
        {
            await server.WaitUntilReadyAsync(Limit);
            Assert.Equal(0, await server.TerminateAsync(Limit));
        }

        _grid.WriteDefinitions(Definitions);
        await using (ServerProcess server = await StartAsync(broker))
        {
            await WaitUntilWrittenAsync(server, load);
            load.Check(await ByKcatAsync(broker));
            Assert.Equal(0, await server.TerminateAsync(Limit));
        }

        // What is written is not written again.
        await using ServerProcess again = await StartAsync(broker);
        await WaitUntilWrittenAsync(again, load);
        using ContextGridClient client = GridFolder.Connect(again);
        Assert.Equal(0, (await client.GetStatusAsync()).Outputs[0].Written);
    }

    [Fact]
    public async Task Start_WithoutKafka_SaysWhatToDo()
    {
        ProcessRun run = await _grid.RunAsync();
        Assert.Equal(1, run.ExitCode);
        Assert.Contains(
            "Output 'features' of entity 'user' writes to a topic of Kafka; start with --kafka HOST:PORT",
            run.Error, StringComparison.Ordinal);
    }

    private Task<ServerProcess> StartAsync(KafkaBroker broker) =>
        _grid.StartAsync("--checkpoint-interval", "1", "--kafka", broker.BootstrapServers);

    private static async Task NextCheckpointAsync(ServerProcess server)
    {
        using ContextGridClient client = GridFolder.Connect(server);
        long before = (await client.GetStatusAsync()).CheckpointGeneration;
        await server.WaitUntilAsync("at the next checkpoint", Limit, async () =>
            (await client.GetStatusAsync()).CheckpointGeneration > before);
    }

    private static async Task WaitUntilWrittenAsync(ServerProcess server, OutputLoad load)
    {
        await server.WaitUntilReadyAsync(Limit);
        using ContextGridClient client = GridFolder.Connect(server);
        await server.WaitUntilAsync("done with its output", Limit, async () =>
        {
            GetStatusResponse status = await client.GetStatusAsync();
            return status.Sources.Sum(s => s.AppliedOffset + 1) == load.Produced && status.Outputs.All(
                o => o.Waiting == 0 && !o.WritesAll && o.Fault.Length == 0);
        });
    }

    private static async Task<Dictionary<string, JsonElement>> ByKcatAsync(KafkaBroker broker)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/kcat"), "kcat is missing: apt-get install kcat");
        ProcessRun run = await ProcessRun.RunAsync(
            "kcat",
            ["-C", "-q", "-e", "-b", broker.BootstrapServers, "-t", Topic, "-o", "beginning", "-f", @"%k\t%h\t%s\n"]);
        string[] lines = run.RequireSuccess().Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.All(lines, l => Assert.Contains(
            "\tcontextgrid.entity=user,contextgrid.positions=payments/", l, StringComparison.Ordinal));
        return LastByKey(lines.Select(l => l.Split('\t')).Select(f => (f[0], f[2])));
    }

    private static async Task<Dictionary<string, JsonElement>> ByConsoleConsumerAsync(KafkaBroker broker)
    {
        string libraries = Path.GetFullPath("../../libs/*", SharedParts.RequireFile("kafka/bin/kafka.sh"));
        ProcessRun run = await ProcessRun.RunAsync(
            "java",
            [
                "-Xmx128m", "-cp", libraries, "org.apache.kafka.tools.consumer.ConsoleConsumer", "--bootstrap-server",
                broker.BootstrapServers, "--topic", Topic, "--from-beginning", "--timeout-ms", "10000",
                "--formatter-property", "print.key=true",
            ],
            most: TimeSpan.FromMinutes(2));
        return LastByKey(run.Output.Split('\n').Select(l => l.Split('\t')).Where(f => f.Length == 2)
            .Select(f => (f[0], f[1])));
    }

    private static Dictionary<string, JsonElement> LastByKey(IEnumerable<(string Key, string Value)> records)
    {
        var last = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach ((string key, string value) in records)
        {
            last[key] = JsonDocument.Parse(value).RootElement;
        }

        return last;
    }
}
