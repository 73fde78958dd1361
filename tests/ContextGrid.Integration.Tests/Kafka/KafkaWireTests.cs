using System.Diagnostics;
using ContextGrid.Client;
using ContextGrid.Contracts.V1;
using ContextGrid.Integration.Tests.Faults.Crashes;

namespace ContextGrid.Integration.Tests.Kafka;

/// <summary>
/// The wire between a real server and a real broker is slow, cut, silent, or breaks in the middle of a fetch or a
/// produce request (Toxiproxy), under load of both.
/// </summary>
public sealed class KafkaWireTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan FaultTime = TimeSpan.FromSeconds(3);

    private readonly GridFolder _grid = new(CrashGrid.Definitions);

    public void Dispose() => _grid.Dispose();

    private static readonly (string Name, string Type, string Stream, object Attributes)[] Faults =
    [
        ("slow answers", "latency", "downstream", new { latency = 300, jitter = 200 }),
        ("slow requests", "latency", "upstream", new { latency = 300, jitter = 200 }),
        ("a thin wire", "bandwidth", "downstream", new { rate = 20 }),
        ("a reset while fetching", "reset_peer", "downstream", new { timeout = 100 }),
        ("a reset while producing", "reset_peer", "upstream", new { timeout = 100 }),
        ("an answer that breaks off", "limit_data", "downstream", new { bytes = 3_000 }),
        ("a request that breaks off", "limit_data", "upstream", new { bytes = 3_000 }),
        ("silence", "timeout", "downstream", new { timeout = 0 }),
    ];

    [Fact]
    public async Task Run_WireToTheBrokerFailsInEveryWay_GoesOnByItselfAndCountsEachRecordOnce()
    {
        await using Toxiproxy proxy = await Toxiproxy.StartAsync();
        int listen = PartProcess.FreePort();
        ToxicRoute route = await proxy.RouteAsync(listen);
        await using KafkaBroker broker = await KafkaBroker.StartAsync(
            new KafkaListener("PROXIED", "PLAINTEXT", listen, route.Port, []));
        await KafkaTopics.CreateAsync(broker.BootstrapServers, (CrashGrid.Payments, 2), (CrashGrid.Ticks, 2));
        string properties = _grid.At("kafka.properties");
        await File.WriteAllTextAsync(properties, "socket.timeout.ms=4000\n"); // Silence is noticed by time-outs only.
        await using ServerProcess server = await _grid.StartAsync(
            "--kafka", $"127.0.0.1:{route.Port}", "--kafka-properties", properties, "--checkpoint-interval", "1");
        using ContextGridClient client = GridFolder.Connect(server);
        var publisher = new KafkaPublisher();
        await using var transactions = new TickTransactions(broker.BootstrapServers, seed: 1);
        using var stop = new CancellationTokenSource();
        transactions.Start();
        Task load = Task.Run(() => publisher.RunAsync(server, stop.Token));
        foreach ((string name, string type, string stream, object attributes) in Faults)
        {
            string toxic = await route.AddAsync(type, stream, attributes);
            await Task.Delay(FaultTime);
            await route.RemoveAsync(toxic);
            await UntilFreshAsync(server, client, name);
        }

        await route.EnableAsync(false);
        await UntilStaleAsync(server, client);
        await route.EnableAsync(true);
        await UntilFreshAsync(server, client, "a cut");
        await stop.CancelAsync();
        await load;
        await transactions.StopAsync();
        var state = new KafkaState(_grid, broker.BootstrapServers);
        publisher.Check(await state.CompareAsync(server));
        Assert.Equal(0, await server.TerminateAsync(Limit));
        Assert.DoesNotContain("   at ", server.Output, StringComparison.Ordinal);
        await using ServerProcess rebuilt = await _grid.StartAsync("--kafka", broker.BootstrapServers, "--rebuild");
        await state.CompareAsync(rebuilt);
    }

    // The answer itself says so: nothing waits for long, and the ends were looked at just now.
    private static Task UntilFreshAsync(ServerProcess server, ContextGridClient client, string after) =>
        server.WaitUntilAsync(
            $"fresh after {after}",
            Limit,
            async () => !await IsRefusedAsync(client, TimeSpan.FromSeconds(2))
                && (await SourcesAsync(client)).All(s => s.LagMs < 2_000));

    // Records go on behind the cut, of which the server knows nothing but that it has not looked.
    private static async Task UntilStaleAsync(ServerProcess server, ContextGridClient client)
    {
        await server.WaitUntilAsync("stale while cut", Limit, () => IsRefusedAsync(client, TimeSpan.FromSeconds(2)));
        Assert.Contains(await SourcesAsync(client), s => s.LagMs > 2_000);
    }

    private static async Task<IReadOnlyList<SourceStatus>> SourcesAsync(ContextGridClient client) =>
        (await client.GetAsync(new ContextRequest { Entities = [new EntityId(CrashGrid.User, "published1")] })).Sources;

    private static async Task<bool> IsRefusedAsync(ContextGridClient client, TimeSpan most)
    {
        try
        {
            await client.GetAsync(new ContextRequest
            {
                Entities = [new EntityId(CrashGrid.User, "published1")], MaxStaleness = most,
            });
            return false;
        }
        catch (ContextGridException e) when (e.StatusCode == GrpcStatusCode.FailedPrecondition)
        {
            return true;
        }
    }
}
