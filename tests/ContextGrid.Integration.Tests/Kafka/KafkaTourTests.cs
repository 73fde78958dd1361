using System.Text.RegularExpressions;
using ContextGrid.Client;
using ContextGrid.Contracts.V1;

namespace ContextGrid.Integration.Tests.Kafka;

/// <summary>
/// The commands of docs/KAFKA.md, one after the other as they stand there, on a real broker, schema registry and
/// Azurite; only addresses and paths are those of the test.
/// </summary>
public sealed partial class KafkaTourTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Tour_AsWritten_EachCommandSucceedsAndTheValuesAreRight()
    {
        await using KafkaBroker broker = await KafkaBroker.StartAsync();
        using SchemaRegistryProcess registry = await SchemaRegistryProcess.StartAsync();
        await using AzuriteProcess azurite = await AzuriteProcess.StartAsync();
        await File.WriteAllTextAsync(
            Path.Combine(_directory.Path, "connection"), azurite.ConnectionString + ";Container=tour");
        string text = Here(await File.ReadAllTextAsync(DocumentPath), broker, registry);
        var servers = new List<ServerProcess>();
        try
        {
            foreach (string block in Blocks().Matches(text).Select(m => m.Groups[1].Value))
            {
                if (block.StartsWith("./run.sh", StringComparison.Ordinal))
                {
                    await StartAsync(servers, block);
                }
                else
                {
                    await RunAsync(block, servers.LastOrDefault());
                }
            }

            await servers[^1].WaitUntilReadyAsync(TimeSpan.FromMinutes(1));
            await CheckAsync(servers[^1], broker);
        }
        finally
        {
            foreach (ServerProcess server in servers)
            {
                await server.DisposeAsync();
            }
        }
    }

    private static string DocumentPath => Path.Combine(AppContext.BaseDirectory, "KAFKA.md");

    private static string Cli => $"dotnet {Path.Combine(AppContext.BaseDirectory, "ContextGrid.Cli.dll")}";

    private string Here(string text, KafkaBroker broker, SchemaRegistryProcess registry) => text
        .Replace("127.0.0.1:9092", broker.BootstrapServers, StringComparison.Ordinal)
        .Replace("http://127.0.0.1:8081", registry.Address.ToString().TrimEnd('/'), StringComparison.Ordinal)
        .Replace(
            "kafka-topics.sh",
            $"bash {SharedParts.RequireFile("kafka/bin/kafka.sh")} topics",
            StringComparison.Ordinal)
        .Replace("data/kafka", _directory.Path, StringComparison.Ordinal)
        .Replace("./contextgrid", Cli, StringComparison.Ordinal)
        // A reader has two seconds' patience; a test has what it takes.
        .Replace("sleep 2", $"until {Cli} dlq list | grep -q twelve; do sleep 0.2; done", StringComparison.Ordinal)
        .Replace(
            "sleep 3",
            $"until {Cli} status --json | grep -Eq '\"events_duplicate\": ?\"10000\"'; do sleep 0.2; done",
            StringComparison.Ordinal);

    // The one that runs is ended first, as a reader does by Ctrl-C.
    private static async Task StartAsync(List<ServerProcess> servers, string block)
    {
        if (servers.Count > 0)
        {
            Assert.Equal(0, await servers[^1].TerminateAsync(TimeSpan.FromMinutes(1)));
        }

        string[] words = block.Replace("\\\n", " ", StringComparison.Ordinal)
            .Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        Assert.Equal(["--definitions", "--data"], [words[1], words[3]]);
        servers.Add(await ServerProcess.StartAsync(words[2], words[4], words[5..]));
    }

    private static async Task RunAsync(string block, ServerProcess? server)
    {
        string script = server is null
            ? block
            : block.Replace("http://127.0.0.1:7080", server.Http.ToString().TrimEnd('/'), StringComparison.Ordinal);
        var environment = new Dictionary<string, string> { ["KAFKA_HEAP"] = "128m" };
        if (server is not null)
        {
            environment["CONTEXTGRID_SERVER"] = server.Grpc.ToString();
        }

        ProcessRun run = await ProcessRun.RunAsync(
            "bash", ["-e", "-o", "pipefail", "-c", script], environment, TimeSpan.FromMinutes(3));
        Assert.True(run.ExitCode == 0, $"{script}\n{run.Output}\n{run.Error}\n{server?.Output}");
    }

    // The topic has each payment twice, since the tour sends all of them again, and the bad record and the corrected
    // one, of which one counts.
    private static async Task CheckAsync(ServerProcess server, KafkaBroker broker)
    {
        ProcessRun topic = await ProcessRun.RunAsync(
            "kcat", ["-C", "-e", "-q", "-b", broker.BootstrapServers, "-t", "payments", "-o", "beginning"]);
        string[] lines = topic.RequireSuccess().Output.Split('\n');
        Assert.Equal(20_000, lines.Count(l => l.Contains("\"payment_id\":\"p", StringComparison.Ordinal)));
        int payments = lines.Where(l => l.Contains("\"user_id\":\"u1\"", StringComparison.Ordinal))
            .Select(l => l.Replace("\"twelve\"", "12", StringComparison.Ordinal)).Distinct().Count();
        using ContextGridClient client = GridFolder.Connect(server);
        ContextResult result = await client.GetAsync(
            new ContextRequest { Entities = [new EntityId("user", "u1"), new EntityId("buyer", "u1")] });
        Assert.Equal(payments, result.Entities[0]["payments"].AsInt64);
        Assert.Equal(12.5, result.Entities[1]["spent"].AsDouble);
        ListDeadLettersResponse letters = await client.ListDeadLettersAsync(
            new ListDeadLettersRequest { Limit = 2, States = { DeadLetterState.Retried } });
        Assert.Equal((1L, 0L), (letters.DeadLetters.Count, letters.Open));
    }

    [GeneratedRegex("^```\\n(.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Blocks();
}
