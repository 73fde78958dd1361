using ContextGrid.Integration.Tests.Faults.Crashes;
using ContextGrid.Integration.Tests.Kafka;

namespace ContextGrid.Integration.Tests.Cluster;

/// <summary>What silos share: the broker with the events, Azurite with the state, Redis with the members; and a proxy
/// that can cut ways.</summary>
internal sealed class ClusterParts : IAsyncDisposable
{
    private ClusterParts(
        KafkaBroker broker, AzuriteProcess state, RedisProcess members, Toxiproxy proxy, ToxicRoute stateRoute) =>
        (Broker, State, Members, Proxy, StateRoute) = (broker, state, members, proxy, stateRoute);

    internal KafkaBroker Broker { get; }

    internal AzuriteProcess State { get; }

    internal RedisProcess Members { get; }

    internal Toxiproxy Proxy { get; }

    /// <summary>The silos' way to the state.</summary>
    internal ToxicRoute StateRoute { get; }

    /// <summary>Starts all, with the topics of <see cref="CrashGrid"/>.</summary>
    internal static async Task<ClusterParts> StartAsync()
    {
        KafkaBroker broker = await KafkaBroker.StartAsync();
        await KafkaTopics.CreateAsync(
            broker.BootstrapServers, (CrashGrid.Payments, 4), (CrashGrid.Ticks, 4), ("dead-letters", 1));
        AzuriteProcess state = await AzuriteProcess.StartAsync("--inMemoryPersistence");
        Toxiproxy proxy = await Toxiproxy.StartAsync();
        return new ClusterParts(
            broker, state, await RedisProcess.StartAsync(), proxy, await proxy.RouteAsync(state.Port));
    }

    /// <summary>The arguments that all silos have.</summary>
    /// <param name="container">Where the state is.</param>
    internal string[] Arguments(string container) =>
    [
        "--cluster", "--kafka", Broker.BootstrapServers, "--kafka-group", "", "--checkpoint-interval", "1",
        "--membership", "redis:" + Members.Address, "--snapshots",
        $"azure:{State.ConnectionStringAt(StateRoute.Port)}Container={container}",
    ];

    public async ValueTask DisposeAsync()
    {
        await Proxy.DisposeAsync();
        await Members.DisposeAsync();
        await State.DisposeAsync();
        await Broker.DisposeAsync();
    }
}
