using ContextGrid.Client;
using static ContextGrid.Integration.Tests.Kafka.ReplacedTopic;

namespace ContextGrid.Integration.Tests.Kafka;

/// <summary>A broker that lacks acknowledged records becomes the leader while a server reads.</summary>
public sealed class KafkaElectionTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    private readonly GridFolder _grid = new(OutputLoad.Definitions);

    public void Dispose() => _grid.Dispose();

    [Fact]
    public Task Run_ReplicaThatIsBehindBecomesLeader_StopsAndDeclares() =>
        ElectAsync(events: 0, "ends at offset 100, "); // Told by the reader, or by whoever opens one.

    // By then the log is longer than what was applied: only the leaders' epochs tell that it has changed.
    [Fact]
    public Task Run_ReplicaThatIsBehindBecomesLeaderAndIsFilledMeanwhile_StopsAndDeclares() =>
        ElectAsync(events: 90, "the record at offset 149 is another one than was applied");

    private async Task ElectAsync(int events, string why)
    {
        await using KafkaCluster kafka = await KafkaCluster.StartAsync();
        await KafkaTopics.CreateAsync(kafka.BootstrapServers, ("payments", 1));
        await using ServerProcess server = await _grid.StartAsync("--kafka", kafka.BootstrapServers);
        using ContextGridClient client = GridFolder.Connect(server);
        using (var load = new OutputLoad(kafka.BootstrapServers))
        {
            await load.ProduceAsync(users: 1, events: 100);
            await kafka.KillAsync(2);
            await load.ProduceAsync(users: 1, events: 50);
            await server.WaitUntilAsync("applied", Limit, async () => await ReadAsync(client) == (150, -1, -1));
        }

        server.Signal(events > 0 ? "STOP" : "CONT");
        await kafka.KillAsync(1);
        await kafka.RunAsync(2);
        using (var load = new OutputLoad(kafka.BootstrapServers))
        {
            await load.ProduceAsync(users: 1, events);
        }

        server.Signal("CONT");
        await RequireStoppedAsync(server, why, (150, 0, 149));
    }
}
