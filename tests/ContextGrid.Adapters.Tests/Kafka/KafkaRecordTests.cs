using System.Text;
using Confluent.Kafka;
using ContextGrid.Adapters.Kafka;
using ContextGrid.Runtime.Ingestion;
using TopicPartition = ContextGrid.Runtime.Ingestion.TopicPartition;

namespace ContextGrid.Adapters.Tests.Kafka;

/// <summary>Records of every make, as other producers leave them on a real broker.</summary>
[Collection("kafka")]
public sealed class KafkaRecordTests(BrokerFixture kafka)
{
    private readonly string _topic = kafka.NextTopic("records");

    [Theory]
    [InlineData(CompressionType.Gzip)]
    [InlineData(CompressionType.Snappy)]
    [InlineData(CompressionType.Lz4)]
    [InlineData(CompressionType.Zstd)]
    public async Task Read_CompressedBatches_GivesEachRecord(CompressionType compression)
    {
        string[] values = [.. Enumerable.Range(0, 1000).Select(i => $$"""{"user":"u{{i % 7}}","n":{{i}}}""")];
        await kafka.CreateTopicAsync(_topic, 1);
        Produce(values.Select(v => Message("k", v)), c => c.CompressionType = compression);
        Assert.Equal(values, (await ReadAsync()).Select(r => Text(r.Value)));
    }

    [Fact]
    public async Task Read_RecordsLargerThanAFetch_GivesThemWhole()
    {
        string[] values = [.. new[] { 500, 900_000, 500, 1_900_000 }.Select(n => new string('x', n))];
        await kafka.CreateTopicAsync(_topic, 1);
        Produce(values.Select(v => Message("k", v)), c => c.MessageMaxBytes = 2_000_000);
        IReadOnlyList<Read> read = await ReadAsync(o => o with
        {
            Properties = new Dictionary<string, string> { ["fetch.message.max.bytes"] = "1000" },
            BufferedBytesMax = 100_000,
        });
        Assert.Equal(values, read.Select(r => Text(r.Value)));
    }

    [Fact]
    public async Task Read_KeysValuesAndHeadersThatAreMissingOrEmpty_AreAsTheyWere()
    {
        await kafka.CreateTopicAsync(_topic, 1);
        Message<byte[]?, byte[]?> tombstone = new() { Key = Bytes("gone"), Value = null };
        Message<byte[]?, byte[]?> headers = Message(null, "value");
        headers.Headers = [];
        headers.Headers.Add("same", Bytes("first"));
        headers.Headers.Add("same", Bytes("second"));
        headers.Headers.Add("empty", []);
        headers.Headers.Add("null", null);
        Produce([tombstone, headers, Message("", "")]);
        Assert.Collection(
            await ReadAsync(),
            r => Assert.Equal(("gone", "", 0), (Text(r.Key), Text(r.Value), r.Headers.Count)),
            r =>
            {
                Assert.Equal(("", "value"), (Text(r.Key), Text(r.Value)));
                Assert.Equal(
                    [new("same", "first"), new("same", "second"), new("empty", ""), new("null", "")], r.Headers);
            },
            r => Assert.Equal(("", "", 0), (Text(r.Key), Text(r.Value), r.Headers.Count)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Read_PartitionEndsWithControlRecords_ComesToItsEndWithoutThem(bool isCommitted)
    {
        await kafka.CreateTopicAsync(_topic, 1);
        Produce([Message("k", "before")]);
        Transact(["a", "b"], isCommitted);
        await using KafkaEventLog log = await kafka.OpenAsync();
        var partition = new TopicPartition(_topic, 0);
        Assert.Equal(4, (await log.GetRangeAsync(partition, default)).End); // Three records and a marker.
        await using ILogReader reader = log.OpenReader(partition, 0);
        var values = new List<string>();
        var batch = new LogBatch();
        while (await reader.ReadAsync(batch, TimeSpan.Zero, default) == ReadOutcome.Records)
        {
            values.AddRange(Enumerable.Range(0, batch.Count).Select(i => Text(batch.Value(i))));
        }

        Assert.Equal(isCommitted ? ["before", "a", "b"] : ["before"], values);
        Assert.Equal((4, 4), (reader.NextOffset, reader.End.Offset));
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);

    private static Message<byte[]?, byte[]?> Message(string? key, string value) =>
        new() { Key = key is null ? null : Bytes(key), Value = Bytes(value) };

    private ProducerConfig Config() => new() { BootstrapServers = kafka.Broker.BootstrapServers, LingerMs = 20 };

    private void Produce(IEnumerable<Message<byte[]?, byte[]?>> messages, Action<ProducerConfig>? change = null)
    {
        ProducerConfig config = Config();
        change?.Invoke(config);
        using IProducer<byte[]?, byte[]?> producer = new ProducerBuilder<byte[]?, byte[]?>(config).Build();
        var errors = new List<Error>();
        foreach (Message<byte[]?, byte[]?> message in messages)
        {
            producer.Produce(_topic, message, report => errors.Add(report.Error));
        }

        producer.Flush(TimeSpan.FromSeconds(30));
        Assert.All(errors, e => Assert.False(e.IsError, e.Reason));
    }

    private void Transact(string[] values, bool isCommitted)
    {
        ProducerConfig config = Config();
        config.TransactionalId = _topic;
        using IProducer<byte[]?, byte[]?> producer = new ProducerBuilder<byte[]?, byte[]?>(config).Build();
        producer.InitTransactions(TimeSpan.FromSeconds(30));
        producer.BeginTransaction();
        Array.ForEach(values, v => producer.Produce(_topic, Message("k", v)));
        producer.Flush(TimeSpan.FromSeconds(30));
        if (isCommitted)
        {
            producer.CommitTransaction();
        }
        else
        {
            producer.AbortTransaction();
        }
    }

    private async Task<IReadOnlyList<Read>> ReadAsync(Func<KafkaOptions, KafkaOptions>? change = null)
    {
        await using KafkaEventLog log = await kafka.OpenAsync(change);
        await using ILogReader reader = log.OpenReader(new TopicPartition(_topic, 0), 0);
        var read = new List<Read>();
        var batch = new LogBatch();
        while (await reader.ReadAsync(batch, TimeSpan.Zero, default) == ReadOutcome.Records)
        {
            read.AddRange(Enumerable.Range(0, batch.Count).Select(i => new Read(
                batch.Key(i).ToArray(), batch.Value(i).ToArray(), LogHeaders.Decode(batch.Headers(i)))));
        }

        return read;
    }

    private sealed record Read(byte[] Key, byte[] Value, List<KeyValuePair<string, string>> Headers);
}
