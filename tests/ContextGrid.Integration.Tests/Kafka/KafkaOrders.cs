using System.Buffers.Binary;
using System.Text;
using Confluent.Kafka;
using ContextGrid.Adapters.Kafka;
using ContextGrid.Client;
using ContextGrid.Contracts.V1;
using ContextGrid.Core.Definitions;
using ContextGrid.Integration.Tests.Retail;
using ContextGrid.Runtime.Codecs;
using ContextGrid.TestKit.Oracle;

namespace ContextGrid.Integration.Tests.Kafka;

/// <summary>
/// Produces orders in Avro, written by schemas of a registry, to one partition, and compares what a server makes of the
/// good ones with an oracle. One task at a time.
/// </summary>
internal sealed class KafkaOrders : IDisposable
{
    internal const string Topic = "orders";

    internal const string Definitions = """
        version: 1
        events:
          order: {topic: orders, format: avro, fields: {buyer: string, amount: double}}
        entities:
          buyer:
            from: {order: buyer}
            features:
              orders: order | count()
              spent: order | sum(amount)
              spent_1h: order | sum(amount) over 1h
              largest: order | max(amount)
              amounts: order | distinct_exact(amount)
              last_amount: order | last(amount)

        """;

    private static readonly string[] Fields = ["buyer", "amount"];
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private readonly List<OracleEvent> _good = [];
    private readonly IProducer<Null, byte[]> _producer;
    private long _last = -1;

    internal KafkaOrders(string bootstrapServers)
    {
        _producer = new ProducerBuilder<Null, byte[]>(new ProducerConfig
        {
            BootstrapServers = bootstrapServers, EnableIdempotence = true, LingerMs = 1,
        }).SetLogHandler((_, _) => { }).SetErrorHandler((_, _) => { }).Build();
    }

    /// <summary>A schema of the same fields for each number.</summary>
    internal static string Schema(int number) => $$"""
        {"type":"record","name":"Order{{number}}","fields":[
          {"name":"buyer","type":"string"},{"name":"amount","type":"double"}]}
        """;

    /// <summary>An order, framed by the id of its schema.</summary>
    internal static byte[] Order(int schema, string buyer, double amount)
    {
        byte[] key = Encoding.UTF8.GetBytes(buyer);
        byte[] payload = [0, 0, 0, 0, 0, (byte)(key.Length * 2), .. key, 0, 0, 0, 0, 0, 0, 0, 0];
        BinaryPrimitives.WriteInt32BigEndian(payload.AsSpan(1), schema);
        BinaryPrimitives.WriteDoubleLittleEndian(payload.AsSpan(payload.Length - 8), amount);
        return payload;
    }

    /// <summary>Produces one that counts.</summary>
    internal void Good(int schema, string buyer, double amount) =>
        Produce(Order(schema, buyer, amount), (offset, timeMs) => _good.Add(new OracleEvent(
            "order", timeMs, Topic, 0, offset, new OracleFields(Fields, [buyer, amount]))));

    /// <summary>Produces something else.</summary>
    /// <param name="value">The payload; null: a tombstone.</param>
    /// <param name="delivered">Told its offset and time, milliseconds since the Unix epoch.</param>
    internal void Produce(byte[]? value, Action<long, long> delivered) => _producer.Produce(
        Topic,
        new Message<Null, byte[]> { Value = value! }, // Null is a tombstone.
        report =>
        {
            lock (_gate)
            {
                Assert.False(report.Error.IsError, report.Error.Reason);
                delivered(report.Offset.Value, report.Message.Timestamp.UnixTimestampMs);
                _last = Math.Max(_last, report.Offset.Value);
            }
        });

    /// <summary>Waits until all is delivered.</summary>
    internal Task FlushAsync() => Task.Run(() => Assert.Equal(0, _producer.Flush(Patience)));

    /// <summary>Compares every buyer, after all that was produced.</summary>
    internal async Task CompareAsync(ServerProcess server, string definitions)
    {
        await FlushAsync();
        DefinitionSet set = GridFolder.ReadDefinitions(definitions);
        var oracle = new FeatureOracle(OracleDefinitions.Of(set, "buyer"));
        _good.ForEach(oracle.Add);
        using ContextGridClient client = GridFolder.Connect(server);
        ContextResult result = await client.GetAsync(new ContextRequest
        {
            Entities = [.. oracle.Keys.Select(k => new EntityId("buyer", (string)k))],
            MinPosition = [new SourcePosition { Topic = Topic, Partition = 0, Offset = _last }],
        });
        string[] differences =
        [
            .. result.Entities.SelectMany(
                e => ClientValues.Differences(oracle, e.Id.Key, e, e.Head.ToUnixTimeMilliseconds())),
        ];
        Assert.True(differences.Length == 0, string.Join('\n', differences.Take(10)));
        Assert.All(result.Entities, e => Assert.Empty(e.Degraded));
    }

    public void Dispose() => _producer.Dispose();
}
