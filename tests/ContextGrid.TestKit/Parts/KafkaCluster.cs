using System.Globalization;
using ContextGrid.TestKit.Processes;

namespace ContextGrid.TestKit.Parts;

/// <summary>
/// A controller and two brokers, Apache Kafka, each in a process of its own, on loopback. Topics have a replica on both
/// brokers, and one that is behind may become a leader where the other one is gone. Not thread-safe.
/// </summary>
public sealed class KafkaCluster : IAsyncDisposable
{
    private const int Brokers = 2;

    private readonly TemporaryDirectory _directory = new();
    private readonly string _parts;
    private readonly int[] _ports = [.. Enumerable.Range(0, Brokers + 1).Select(_ => KafkaBroker.FreePort())];
    private readonly PartProcess?[] _nodes = new PartProcess?[Brokers + 1];

    private KafkaCluster(string parts) => _parts = parts;

    /// <summary>Where clients begin.</summary>
    public string BootstrapServers => string.Join(',', _ports.Skip(1).Select(p => $"127.0.0.1:{p}"));

    /// <summary>Starts it; skips the test, loudly, where there is no Kafka.</summary>
    public static async Task<KafkaCluster> StartAsync()
    {
        var cluster = new KafkaCluster(Path.GetFullPath("../..", SharedParts.RequireFile("kafka/bin/kafka.sh")));
        for (int node = 0; node <= Brokers; node++)
        {
            await cluster.FormatAsync(node);
            await cluster.RunAsync(node);
        }

        return cluster;
    }

    /// <summary>Starts a broker, 1 or 2, again on the same data.</summary>
    public async Task RunAsync(int broker) => _nodes[broker] = await PartProcess.StartAsync(
        "java", Arguments("kafka.Kafka", Properties(broker)), () => KafkaBroker.ListensAsync(_ports[broker]));

    /// <summary>Kills a broker with SIGKILL.</summary>
    public ValueTask KillAsync(int broker)
    {
        PartProcess? killed = _nodes[broker];
        _nodes[broker] = null;
        return killed?.DisposeAsync() ?? default;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        for (int node = Brokers; node >= 0; node--)
        {
            await KillAsync(node);
        }

        _directory.Dispose();
    }

    private async Task FormatAsync(int node)
    {
        string address = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{_ports[node]}");
        File.WriteAllLines(Properties(node),
        [
            node == 0 ? "process.roles=controller" : "process.roles=broker",
            string.Create(CultureInfo.InvariantCulture, $"node.id={node}"),
            string.Create(CultureInfo.InvariantCulture, $"controller.quorum.voters=0@127.0.0.1:{_ports[0]}"),
            node == 0 ? $"listeners=CONTROLLER://{address}" : $"listeners=PLAINTEXT://{address}",
            "controller.listener.names=CONTROLLER",
            "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "log.dirs=" + Path.Combine(_directory.Path, $"log{node}"),
            "default.replication.factor=2",
            "unclean.leader.election.enable=true",
            "broker.session.timeout.ms=3000",
            "broker.heartbeat.interval.ms=500",
            "transaction.state.log.replication.factor=1",
            "transaction.state.log.min.isr=1",
        ]);
        ProcessRun format = await ProcessRun.RunAsync("java", [.. Arguments(
            "kafka.tools.StorageTool", "format", "-t", "MkU3OEVBNTcwNTJENDM2Qg", "-c", Properties(node))]);
        format.RequireSuccess();
    }

    private string Properties(int node) => Path.Combine(_directory.Path, $"node{node}.properties");

    private string[] Arguments(string mainClass, params string[] arguments) =>
    [
        "-Xmx256m", "-XX:+UseSerialGC", $"-Dlog4j2.configurationFile={_parts}/config/log4j2.yaml", "-cp",
        $"{_parts}/libs/*", mainClass, .. arguments,
    ];
}
