using Confluent.Kafka;
using ContextGrid.Client;
using ContextGrid.Contracts.V1;
using ContextGrid.TestKit.Logs;
using Google.Protobuf;

namespace ContextGrid.Integration.Tests.Kafka;

/// <summary>Two servers on one real broker, each with dead letters in a topic of its own.</summary>
public sealed class KafkaDeadLetterTopicTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    private readonly GridFolder _grid = new();

    public void Dispose() => _grid.Dispose();

    [Fact]
    public async Task Start_WithATopicOfItsOwn_WritesListsAndRetriesThereOnly()
    {
        await using KafkaBroker broker = await KafkaBroker.StartAsync();
        await KafkaTopics.CreateAsync(broker.BootstrapServers, ("payments", 1), ("ticks", 1));
        await using ServerProcess server = await _grid.StartAsync(
            "--kafka", broker.BootstrapServers, "--dead-letter-topic", "grid-a.dead");
        using ContextGridClient client = GridFolder.Connect(server);
        await PoisonAsync(broker);
        await server.WaitUntilAsync("at the dead letter", Limit, async () =>
            (await client.ListDeadLettersAsync(10)).Total == 1);
        RawRecord letter = Assert.Single(await KafkaTopics.ReadAsync(broker.BootstrapServers, "grid-a.dead"));
        Assert.Equal("poison", letter.Value);
        Assert.Equal("ticks", letter.Headers["__connect.errors.topic"]);

        // Another server finds the same record, and writes a letter of its own.
        _grid.Data = _grid.At("other");
        await using (ServerProcess other = await _grid.StartAsync(
            "--kafka", broker.BootstrapServers, "--dead-letter-topic", "grid-b.dead"))
        {
            using ContextGridClient second = GridFolder.Connect(other);
            await other.WaitUntilAsync("at the dead letter", Limit, async () =>
                (await second.ListDeadLettersAsync(10)).Total == 1);
        }

        Assert.Single(await KafkaTopics.ReadAsync(broker.BootstrapServers, "grid-a.dead"));
        var mended = new DeadLetterRetry
        {
            Id = 0, Payload = ByteString.CopyFromUtf8("""{"user_id":"u1","n":1}"""),
        };
        Assert.Equal("", Assert.Single(await client.RetryDeadLettersAsync([mended])).Reason);
        await server.WaitUntilAsync("retried", Limit, async () =>
            (await GridFolder.ReadAsync(client, "u1", []))["ticks"].AsInt64 == 1);
        ListDeadLettersResponse letters = await client.ListDeadLettersAsync(10);
        Assert.Equal((0, 1), (letters.Open, letters.Retried));
    }

    [Theory]
    [InlineData("payments", "which has the dead letters")]
    [InlineData("not a name", "--dead-letter-topic")]
    public async Task Start_TopicIsAnotherOnesOrNoName_IsRefused(string topic, string why)
    {
        ProcessRun run = await _grid.RunAsync("--kafka", "127.0.0.1:1", "--dead-letter-topic", topic);
        Assert.NotEqual(0, run.ExitCode);
        Assert.Contains(why, run.Error + run.Output, StringComparison.Ordinal);
    }

    private static async Task PoisonAsync(KafkaBroker broker)
    {
        using IProducer<Null, string> producer = new ProducerBuilder<Null, string>(
            new ProducerConfig { BootstrapServers = broker.BootstrapServers }).Build();
        await producer.ProduceAsync("ticks", new Message<Null, string> { Value = "poison" });
    }
}
