using System.Diagnostics;
using ContextGrid.Client;
using ContextGrid.Contracts.V1;
using ContextGrid.Integration.Tests.Faults.Crashes;

namespace ContextGrid.Integration.Tests.Kafka;

/// <summary>
/// What a server with events in Kafka stands on is away for a while, under load: the schema registry, Azurite with the
/// checkpoints, the broker.
/// </summary>
public sealed class KafkaOutageTests : IDisposable
{
    private const int BuyersMax = 10;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    private readonly GridFolder _grid = new(CrashGrid.Definitions);
    private int _orders;

    public void Dispose() => _grid.Dispose();

    [Fact]
    public async Task Run_RegistryAzuriteAndBrokerAreAwayInTurn_GoesOnByItselfAndCountsEachRecordOnce()
    {
        await using Toxiproxy proxy = await Toxiproxy.StartAsync();
        using SchemaRegistryProcess registry = await SchemaRegistryProcess.StartAsync();
        ToxicRoute route = await proxy.RouteAsync(registry.Address.Port);
        await using AzuriteProcess azurite = await AzuriteProcess.StartAsync();
        await using KafkaBroker broker = await KafkaBroker.StartAsync();
        await KafkaTopics.CreateAsync(
            broker.BootstrapServers, (CrashGrid.Payments, 1), (CrashGrid.Ticks, 2), (KafkaOrders.Topic, 1));
        string[] more = await ArgumentsAsync(broker, azurite, route);
        int first = await registry.RegisterAsync("orders-value", KafkaOrders.Schema(1));
        int second = await registry.RegisterAsync("other-value", KafkaOrders.Schema(2));
        using var orders = new KafkaOrders(broker.BootstrapServers);
        var state = new KafkaState(_grid, broker.BootstrapServers);
        await using (ServerProcess server = await _grid.StartAsync(more))
        {
            Produce(orders, first);
            await orders.CompareAsync(server, _grid.Definitions);
            KafkaPublisher publisher = await UnderLoadAsync(server, async () =>
            {
                await WithoutRegistryAsync(server, route, orders, first, second);
                await WithoutAzuriteAsync(server, azurite, orders, second);
                await WithoutBrokerAsync(server, broker, orders, second);
            });
            await orders.CompareAsync(server, _grid.Definitions);
            publisher.Check(await state.CompareAsync(server));
            Assert.DoesNotContain("   at ", server.Output, StringComparison.Ordinal);
            await server.KillAsync();
        }

        await using ServerProcess next = await _grid.StartAsync(more);
        await next.WaitUntilReadyAsync(Limit);
        await orders.CompareAsync(next, _grid.Definitions);
        await state.CompareAsync(next);
        using ContextGridClient client = GridFolder.Connect(next);
        Assert.Equal(0, (await client.ListDeadLettersAsync(1)).Total);
    }

    private async Task<string[]> ArgumentsAsync(KafkaBroker broker, AzuriteProcess azurite, ToxicRoute route)
    {
        await File.WriteAllTextAsync(Path.Combine(_grid.Definitions, "orders.yaml"), KafkaOrders.Definitions);
        string connection = _grid.At("connection");
        await File.WriteAllTextAsync(connection, $"{azurite.ConnectionString};Container=grid;Prefix=kafka");
        return
        [
            "--kafka", broker.BootstrapServers, "--schema-registry", $"http://127.0.0.1:{route.Port}/",
            "--snapshots", "azure:@" + connection, "--checkpoint-interval", "1",
        ];
    }

    private static async Task<KafkaPublisher> UnderLoadAsync(ServerProcess server, Func<Task> work)
    {
        var publisher = new KafkaPublisher();
        using var stop = new CancellationTokenSource();
        Task load = Task.Run(() => publisher.RunAsync(server, stop.Token));
        await work();
        await stop.CancelAsync();
        await load;
        return publisher;
    }

    // Records that need a schema which the server has not seen wait, those behind them too, and nothing else does.
    private async Task WithoutRegistryAsync(
        ServerProcess server, ToxicRoute route, KafkaOrders orders, int first, int second)
    {
        using ContextGridClient client = GridFolder.Connect(server);
        await route.EnableAsync(false);
        Produce(orders, first);
        await orders.CompareAsync(server, _grid.Definitions);
        orders.Good(second, "b0", 0.125);
        Produce(orders, first);
        await orders.FlushAsync();
        await server.WaitUntilAsync("waiting for the registry", Limit, async () =>
            (await ReadyAsync(server)).Contains("schema registry", StringComparison.Ordinal)
            && await LagAsync(client) is > 0);
        PublishResult tick = await client.PublishAsync(CrashGrid.Ticks, """{"user_id":"other","n":0}""");
        Assert.Equal(1, (await GridFolder.ReadAsync(client, "other", tick.Positions))["ticks"].AsInt64);
        Assert.Equal(0, (await client.ListDeadLettersAsync(1)).Total);
        await route.EnableAsync(true);
        await server.WaitUntilAsync("caught up", Limit, async () => await LagAsync(client) == 0);
        await orders.CompareAsync(server, _grid.Definitions);
    }

    private async Task WithoutAzuriteAsync(
        ServerProcess server, AzuriteProcess azurite, KafkaOrders orders, int schema)
    {
        using ContextGridClient client = GridFolder.Connect(server);
        await azurite.StopAsync();
        await server.WaitUntilAsync("without checkpoints", Limit, () =>
        {
            Produce(orders, schema);
            return Task.FromResult(server.Output.Contains("No checkpoint: ", StringComparison.Ordinal));
        });
        await orders.CompareAsync(server, _grid.Definitions);
        long before = (await client.GetStatusAsync()).CheckpointGeneration;
        await azurite.StartAgainAsync();
        await server.WaitUntilAsync("with checkpoints again", Limit, async () =>
        {
            Produce(orders, schema);
            return (await client.GetStatusAsync()).CheckpointGeneration > before + 1;
        });
    }

    private async Task WithoutBrokerAsync(ServerProcess server, KafkaBroker broker, KafkaOrders orders, int schema)
    {
        using ContextGridClient client = GridFolder.Connect(server);
        Produce(orders, schema);
        await broker.KillAsync();
        Produce(orders, schema);
        await server.WaitUntilAsync("stale without the broker", Limit, async () => (await client.GetAsync(
            new ContextRequest { Entities = [new EntityId("buyer", "b1")] })).Sources.All(s => s.LagMs > 3_000));
        await broker.RunAsync();
        await orders.CompareAsync(server, _grid.Definitions);
    }

    private void Produce(KafkaOrders orders, int schema)
    {
        for (int i = 0; i < 50; i++)
        {
            orders.Good(schema, $"b{++_orders % BuyersMax}", _orders / 8.0);
        }
    }

    private static async Task<long> LagAsync(ContextGridClient client) => (await client.GetStatusAsync()).Sources
        .Where(s => s.Topic == KafkaOrders.Topic).Sum(s => s.LagRecords);

    private static async Task<string> ReadyAsync(ServerProcess server)
    {
        using var http = new HttpClient { BaseAddress = server.Http };
        using HttpResponseMessage answer = await http.GetAsync("/readyz");
        return await answer.Content.ReadAsStringAsync();
    }
}
