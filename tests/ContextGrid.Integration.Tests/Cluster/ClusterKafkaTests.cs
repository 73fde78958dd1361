using System.Globalization;
using System.Net;
using Confluent.Kafka;
using ContextGrid.Client;
using ContextGrid.Contracts.V1;
using ContextGrid.Integration.Tests.Kafka;
using Google.Protobuf;

namespace ContextGrid.Integration.Tests.Cluster;

/// <summary>Three silos as real processes on one broker, with Redis and a directory of state.</summary>
public sealed class ClusterKafkaTests : IDisposable
{
    private const int Letters = 60;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    private readonly GridFolder _grid = new();

    public void Dispose() => _grid.Dispose();

    [Fact]
    public async Task Retry_AtThreeSilosAtOnce_EachLetterCountsOnce()
    {
        await using KafkaBroker broker = await StartBrokerAsync();
        await using RedisProcess redis = await RedisProcess.StartAsync();
        await using ServerProcess a = await StartSiloAsync(broker, redis);
        await using ServerProcess b = await StartSiloAsync(broker, redis);
        await using ServerProcess c = await StartSiloAsync(broker, redis);
        await RetryEverywhereAsync(broker, a, b, c);
    }

    [Fact]
    public async Task Retry_AtTwoServersOfTheirOwnThatShareATopicOfLetters_EachLetterIsAppendedOnce()
    {
        await using KafkaBroker broker = await StartBrokerAsync();
        await using ServerProcess a = await _grid.StartAsync("--kafka", broker.BootstrapServers);
        _grid.Data = _grid.At("other");
        await using ServerProcess b = await _grid.StartAsync("--kafka", broker.BootstrapServers);
        await RetryEverywhereAsync(broker, a, b);
    }

    [Fact]
    public async Task Read_BrokerIsGone_EverySiloSaysHowOldItsAnswersAreAndIsNotReady()
    {
        await using KafkaBroker broker = await StartBrokerAsync();
        await using RedisProcess redis = await RedisProcess.StartAsync();
        ServerProcess[] silos =
        [
            await StartSiloAsync(broker, redis), await StartSiloAsync(broker, redis),
            await StartSiloAsync(broker, redis),
        ];
        using (ContextGridClient client = GridFolder.Connect(silos[0]))
        {
            await client.PublishAsync("ticks", """{"user_id":"u1","n":1}""");
        }

        foreach (ServerProcess silo in silos)
        {
            await silo.WaitUntilAsync("answering", Limit, async () => await TicksAsync(silo) == 1);
            await silo.WaitUntilReadyAsync(Limit);
        }

        await broker.KillAsync();
        foreach (ServerProcess silo in silos)
        {
            using ContextGridClient client = GridFolder.Connect(silo);
            await silo.WaitUntilAsync("stale", Limit, async () => (await AskAsync(client, null)).Sources.All(
                s => s.LagMs is > 3_000 and < 600_000));
            ContextGridException refused = await Assert.ThrowsAsync<ContextGridException>(
                () => AskAsync(client, TimeSpan.FromSeconds(2)));
            Assert.Equal(GrpcStatusCode.FailedPrecondition, refused.StatusCode);
            await silo.WaitUntilAsync("not ready", Limit, async () => await ReadyAsync(silo)
                == HttpStatusCode.ServiceUnavailable);
        }

        await broker.RunAsync();
        foreach (ServerProcess silo in silos)
        {
            using ContextGridClient client = GridFolder.Connect(silo);
            await silo.WaitUntilReadyAsync(Limit);
            await silo.WaitUntilAsync("fresh", Limit, async () => (await AskAsync(client, null)).Sources.All(
                s => s.LagMs < 1_000));
        }

        foreach (ServerProcess silo in silos)
        {
            await silo.DisposeAsync();
        }
    }

    private static async Task<KafkaBroker> StartBrokerAsync()
    {
        KafkaBroker broker = await KafkaBroker.StartAsync();
        await KafkaTopics.CreateAsync(
            broker.BootstrapServers, ("payments", 2), ("ticks", 4), ("dead-letters", 1));
        return broker;
    }

    private async Task<ServerProcess> StartSiloAsync(KafkaBroker broker, RedisProcess redis) => await _grid.StartAsync(
        "--cluster", "--kafka", broker.BootstrapServers, "--kafka-group", "", "--checkpoint-interval", "1",
        "--membership", "redis:" + redis.Address, "--snapshots", _grid.At("state"),
        "--silo", string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{PartProcess.FreePort()}"));

    private static async Task RetryEverywhereAsync(KafkaBroker broker, params ServerProcess[] servers)
    {
        await PoisonAsync(broker);
        ContextGridClient[] clients = [.. servers.Select(GridFolder.Connect)];
        await servers[0].WaitUntilAsync("at the dead letters", Limit, async () =>
            (await clients[0].ListDeadLettersAsync(1)).Total >= Letters);
        DeadLetterRetry[] retries =
        [
            .. (await clients[0].ListDeadLettersAsync(10 * Letters)).DeadLetters.Select(l => new DeadLetterRetry
            {
                Id = l.Id, Payload = ByteString.CopyFromUtf8("""{"user_id":"u1","n":1}"""),
            }),
        ];
        IReadOnlyList<DeadLetterRetryOutcome>[] all = await Task.WhenAll(
            clients.Select(c => c.RetryDeadLettersAsync(retries)));
        int retried = (await KafkaTopics.ReadAsync(broker.BootstrapServers, "ticks"))
            .Count(r => r.Headers.ContainsKey("contextgrid.retry.of"));
        Assert.Equal(Letters, retried);
        Assert.Equal(Letters, retries.Length);
        Assert.Equal(Letters, all.SelectMany(o => o).Count(o => o.Reason.Length == 0));
        foreach (ServerProcess server in servers)
        {
            await server.WaitUntilAsync("counting them", Limit, async () => await TicksAsync(server) == Letters);
        }

        Array.ForEach(clients, c => c.Dispose());
    }

    private static async Task PoisonAsync(KafkaBroker broker)
    {
        using IProducer<string, string> producer = new ProducerBuilder<string, string>(
            new ProducerConfig { BootstrapServers = broker.BootstrapServers }).Build();
        for (int i = 0; i < Letters; i++)
        {
            await producer.ProduceAsync("ticks", new Message<string, string>
            {
                Key = "u1", Value = """{"user_id":"u1","n":"one"}""",
            });
        }
    }

    private static Task<ContextResult> AskAsync(ContextGridClient client, TimeSpan? staleness) => client.GetAsync(
        new ContextRequest { Entities = [new EntityId("user", "u1")], MaxStaleness = staleness });

    private static async Task<long> TicksAsync(ServerProcess server)
    {
        using ContextGridClient client = GridFolder.Connect(server);
        try
        {
            return (await AskAsync(client, null)).Entities[0]["ticks"] is { Status: FeatureStatus.Present } ticks
                ? ticks.AsInt64 ?? 0
                : 0;
        }
        catch (ContextGridException)
        {
            return -1; // It is tried again.
        }
    }

    private static async Task<HttpStatusCode> ReadyAsync(ServerProcess server)
    {
        using var http = new HttpClient { BaseAddress = server.Http };
        using HttpResponseMessage answer = await http.GetAsync("/readyz");
        return answer.StatusCode;
    }
}
