using System.Text;
using System.Text.Json;
using Confluent.Kafka;
using ContextGrid.Client;

namespace ContextGrid.Integration.Tests.Kafka;

/// <summary>An output in Avro, read by npm's avsc with the schema that the registry gives.</summary>
public sealed class KafkaAvroOutputTests : IDisposable
{
    private const string Definitions = """
        version: 1
        events:
          payment: {topic: payments, fields: {user: string, n: int64, amount: double, country: string, at: timestamp}}
        entities:
          user:
            from: {payment: user}
            features:
              payments: payment | count()
              spent: payment | sum(amount)
              country: payment | last(country)
              last_at: payment | last(at)
              by_country: payment | sum(amount) by country
              last_amounts: payment | last_n(amount, 2)
              last_by_country: payment | last_n(n, 2) by country
              large: payment | count() where amount > 1000
              none: payment | last(country) where amount > 1000
            outputs:
              features: {topic: user-features, format: avro, interval: 100ms, partitions: 1}

        """;

    private const string Decode = "const avro = require(process.argv[1] + '/avsc');"
        + "const type = avro.Type.forSchema(JSON.parse(process.argv[2]));"
        + "const value = type.fromBuffer(Buffer.from(process.argv[3], 'base64').subarray(5));"
        + "process.stdout.write(JSON.stringify(value));";

    private readonly GridFolder _grid = new(Definitions);

    public void Dispose() => _grid.Dispose();

    [Fact]
    public async Task Output_InAvro_IsReadByAnotherImplementation()
    {
        string modules = await NodePackages.RequireAsync("avsc");
        using SchemaRegistryProcess registry = await SchemaRegistryProcess.StartAsync();
        await using KafkaBroker broker = await KafkaBroker.StartAsync();
        await KafkaTopics.CreateAsync(broker.BootstrapServers, ("payments", 1));
        await using ServerProcess server = await _grid.StartAsync(
            "--kafka", broker.BootstrapServers, "--schema-registry", registry.Address.ToString());
        using ContextGridClient client = GridFolder.Connect(server);
        await client.PublishAsync(
            "payments", """{"user":"u1","n":1,"amount":2.5,"country":"DE","at":"2026-01-01T00:00:00Z"}""");
        await client.PublishAsync(
            "payments", """{"user":"u1","n":2,"amount":4,"country":"FR","at":"2026-01-02T00:00:00Z"}""");
        await server.WaitUntilAsync("done with its output", TimeSpan.FromMinutes(1), async () =>
            (await client.GetStatusAsync()) is
            {
                EventsApplied: 2, Outputs: [{ Waiting: 0, Written: > 0, Fault: "" }],
            });

        byte[] last = ReadLast(broker);
        int id = (last[1] << 24) | (last[2] << 16) | (last[3] << 8) | last[4];
        using var http = new HttpClient { BaseAddress = registry.Address };
        string schema = JsonDocument.Parse(await http.GetStringAsync($"schemas/ids/{id}")).RootElement
            .GetProperty("schema").GetString()!; // The registry has it.
        ProcessRun node = await ProcessRun.RunAsync(
            "node", ["-e", Decode, modules, schema, Convert.ToBase64String(last)]);
        JsonElement value = JsonDocument.Parse(node.RequireSuccess().Output).RootElement;
        Assert.Equal("u1", value.GetProperty("key").GetString());
        Assert.Equal(
            """
            {"payments":2,"spent":6.5,"country":"FR","last_at":1767312000000,"by_country":{"FR":{"double":4},"DE":
            {"double":2.5}},"last_amounts":[{"double":4},{"double":2.5}],"last_by_country":{"DE":{"array":[{"long":1}]},
            "FR":{"array":[{"long":2}]}},"large":0,"none":null}
            """.ReplaceLineEndings(""),
            value.GetProperty("values").GetRawText());
        Assert.Equal(
            """{"large":"NEVER_SEEN","none":"NEVER_SEEN"}""", value.GetProperty("statuses").GetRawText());
        Assert.False(value.GetProperty("degraded").GetBoolean());
    }

    private static byte[] ReadLast(KafkaBroker broker)
    {
        using IConsumer<byte[], byte[]> consumer = new ConsumerBuilder<byte[], byte[]>(new ConsumerConfig
        {
            BootstrapServers = broker.BootstrapServers, GroupId = "reader", EnablePartitionEof = true,
        }).Build();
        consumer.Assign(new TopicPartitionOffset("user-features", 0, Offset.Beginning));
        byte[] last = [];
        while (consumer.Consume(TimeSpan.FromSeconds(30)) is { IsPartitionEOF: false } record)
        {
            Assert.Equal("u1", Encoding.UTF8.GetString(record.Message.Key));
            last = record.Message.Value;
        }

        return last;
    }
}
