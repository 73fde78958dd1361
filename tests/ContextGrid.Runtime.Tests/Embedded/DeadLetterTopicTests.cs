using ContextGrid.Runtime.DeadLetters;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Embedded.Log;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Tests.Embedded.Log;
using ContextGrid.TestKit.Logs;

namespace ContextGrid.Runtime.Tests.Embedded;

public sealed class DeadLetterTopicTests : IDisposable
{
    private readonly LogFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task Write_ThenGet_GivesTheSameLetter()
    {
        await using FileEventLog log = Open();
        DeadLetter letter = Letter(7, "wrong_type");
        DeadLetterEntry entry = await WriteAsync(log, letter);
        Assert.Equal(letter.Source, entry.Letter.Source);
        Assert.Equal(7, entry.Letter.Offset);
        Assert.Equal("wrong_type", entry.Letter.Reason);
        Assert.Equal(letter.Message, entry.Letter.Message);
        Assert.Equal(letter.TimeMs, entry.Letter.TimeMs);
        Assert.Equal(letter.Key.ToArray(), entry.Letter.Key.ToArray());
        Assert.Equal(letter.Value.ToArray(), entry.Letter.Value.ToArray());
        Assert.Equal(2, entry.ValueBytes);
    }

    [Fact]
    public async Task Write_Always_UsesTheHeaderNamesOfKafkaConnect()
    {
        await using FileEventLog log = Open();
        await new DeadLetterTopic(log, TimeProvider.System).WriteAsync(Letter(7, "late"), default);
        var batch = new LogBatch();
        await using ILogReader reader = log.OpenReader(new TopicPartition(DeadLetterTopic.Name, 0), 0);
        await reader.ReadAsync(batch, TimeSpan.Zero, default);
        var headers = LogHeaders.Decode(batch.Headers(0)).ToDictionary();
        Assert.Equal("payments", headers["__connect.errors.topic"]);
        Assert.Equal("3", headers["__connect.errors.partition"]);
        Assert.Equal("7", headers["__connect.errors.offset"]);
        Assert.Equal("late", headers["__connect.errors.exception.class.name"]);
        Assert.Equal("field 'amount'", headers["__connect.errors.exception.message"]);
        Assert.Equal("VALUE_CONVERTER", headers["__connect.errors.stage"]);
        Assert.Equal("contextgrid", headers["__connect.errors.connector.name"]);
        Assert.Equal("3", headers["__connect.errors.task.id"]);
        Assert.Equal("contextgrid.EventDecoder", headers["__connect.errors.class.name"]);
    }

    [Fact]
    public async Task Write_Always_KeepsTheRecordsOwnTimeAndHeaders()
    {
        await using FileEventLog log = Open();
        byte[] own = LogHeaders.Encode([new("trace", "é"), new("__connect.errors.topic", "mine")]);
        DeadLetter letter = Letter(7, "late") with { TimeMs = 0, RecordTimeMs = 99, Headers = own };
        DeadLetter found = (await WriteAsync(log, letter)).Letter;
        Assert.Equal((99, "payments"), (found.RecordTimeMs, found.Source.Topic));
        Assert.Equal(own, found.Headers.ToArray());
        Assert.InRange(found.TimeMs, 1_700_000_000_000, long.MaxValue);
    }

    [Fact]
    public async Task Write_HeadersThatLeaveNoRoom_AreLeftOut()
    {
        await using FileEventLog log = Open();
        byte[] own = LogHeaders.Encode([new("trace", new string('x', 65_300))]);
        DeadLetterEntry found = await WriteAsync(log, Letter(7, "late") with { Headers = own });
        Assert.True(found.Letter.Headers.IsEmpty);
        Assert.Equal("late", found.Letter.Reason);
    }

    [Fact]
    public async Task Decode_LettersOfBeforeAndOfKafkaConnect_AreUnderstood()
    {
        await using FileEventLog log = Open();
        List<KeyValuePair<string, string>> headers =
        [
            new("trace", "abc"), new("__connect.errors.topic", "payments"), new("__connect.errors.partition", "3"),
            new("__connect.errors.offset", "7"), new("__connect.errors.exception.class.name", "DataException"),
            new("contextgrid.errors.value.bytes", "9"), new("span", "1"),
        ];
        var record = new LogRecord(0, 1234, "u1"u8.ToArray(), "{}"u8.ToArray(), LogHeaders.Encode(headers));
        await log.AppendAsync(DeadLetterTopic.Name, new[] { record }, new RecordPosition[1], default);
        DeadLetterEntry found = await ReadAsync(log, 0);
        Assert.Equal((new TopicPartition("payments", 3), 7), (found.Letter.Source, found.Letter.Offset));
        Assert.Equal((1234, 1234, 9), (found.Letter.TimeMs, found.Letter.RecordTimeMs, found.ValueBytes));
        Assert.Equal(["trace", "span"], LogHeaders.Decode(found.Letter.Headers.Span).Select(h => h.Key));
    }

    [Fact]
    public async Task Write_ValueOverTheLimit_IsCutAndSaysSo()
    {
        await using FileEventLog log = Open();
        DeadLetterEntry entry =
            await WriteAsync(log, Letter(1, "too_large") with { Value = new byte[(1024 * 1024) + 5] });
        Assert.Equal(1024 * 1024, entry.Letter.Value.Length);
        Assert.Equal((1024 * 1024) + 5, entry.ValueBytes);
    }

    [Fact]
    public async Task Write_TopicTakesLessThanTheLog_CutsUntilItIsTakenAndSaysSo()
    {
        await using FileEventLog log = Open();
        var small = new SmallTopic(log, bytesMax: 300_000);
        var sink = new DeadLetterTopic(small, TimeProvider.System);
        DeadLetter letter = Letter(1, "wrong_type") with { Value = new byte[500_000] };
        DeadLetterEntry entry = await ReadAsync(log, (await sink.WriteAsync(letter, default)).Offset);
        Assert.Equal((256 * 1024, 500_000), (entry.Letter.Value.Length, entry.ValueBytes));
        EventLogException e = await Assert.ThrowsAsync<EventLogException>(
            () => new DeadLetterTopic(new SmallTopic(log, bytesMax: -1), TimeProvider.System)
                .WriteAsync(letter, default).AsTask());
        Assert.Equal(EventLogError.RecordTooLarge, e.Error);
    }

    private static DeadLetter Letter(long offset, string reason) => new(
        new TopicPartition("payments", 3), offset, reason, "field 'amount'", 1234, "u1"u8.ToArray(), "{}"u8.ToArray());

    private static async Task<DeadLetterEntry> WriteAsync(FileEventLog log, DeadLetter letter)
    {
        var sink = new DeadLetterTopic(log, TimeProvider.System);
        return await ReadAsync(log, (await sink.WriteAsync(letter, default)).Offset);
    }

    private static async Task<DeadLetterEntry> ReadAsync(FileEventLog log, long id)
    {
        var batch = new LogBatch();
        await using ILogReader reader = log.OpenReader(new TopicPartition(DeadLetterTopic.Name, 0), id);
        Assert.Equal(ReadOutcome.Records, await reader.ReadAsync(batch, TimeSpan.Zero, default));
        return DeadLetterHeaders.Decode(batch, 0);
    }

    private FileEventLog Open() => _fixture.Open(_fixture.Options with
    {
        Topics = new Dictionary<string, int> { [DeadLetterTopic.Name] = 1 },
    });

    // As a topic of a broker whose max.message.bytes is small.
    private sealed class SmallTopic(IEventLog log, int bytesMax) : ForwardingLog(log)
    {
        public override ValueTask AppendAsync(
            string topic, ReadOnlyMemory<LogRecord> records, Memory<RecordPosition> positions,
            CancellationToken cancellationToken) => records.Span[0].Value.Length > bytesMax
            ? throw new EventLogException(EventLogError.RecordTooLarge, "The topic does not take it.")
            : base.AppendAsync(topic, records, positions, cancellationToken);
    }
}
