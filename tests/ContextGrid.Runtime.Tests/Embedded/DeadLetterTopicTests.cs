using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Embedded.Log;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Tests.Embedded.Log;
using Microsoft.Extensions.Logging.Abstractions;

namespace ContextGrid.Runtime.Tests.Embedded;

public sealed class DeadLetterTopicTests : IDisposable
{
    private readonly LogFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task Write_ThenGet_GivesTheSameLetter()
    {
        await using FileEventLog log = Open();
        var sink = new DeadLetterTopic(log, TimeProvider.System, NullLogger.Instance);
        DeadLetter letter = Letter(7, "wrong_type");
        RecordPosition position = await sink.WriteAsync(letter, default);
        DeadLetterEntry? entry = await new DeadLetterReader(log).GetAsync(position.Offset, default);
        Assert.NotNull(entry);
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
        await new DeadLetterTopic(log, TimeProvider.System, NullLogger.Instance).WriteAsync(Letter(7, "late"), default);
        var batch = new LogBatch();
        await using ILogReader reader = log.OpenReader(new TopicPartition(DeadLetterTopic.Name, 0), 0);
        await reader.ReadAsync(batch, TimeSpan.Zero, default);
        var headers = LogHeaders.Decode(batch.Headers(0)).ToDictionary();
        Assert.Equal("payments", headers["__connect.errors.topic"]);
        Assert.Equal("3", headers["__connect.errors.partition"]);
        Assert.Equal("7", headers["__connect.errors.offset"]);
        Assert.Equal("late", headers["__connect.errors.exception.class.name"]);
        Assert.Equal("field 'amount'", headers["__connect.errors.exception.message"]);
    }

    [Fact]
    public async Task List_ManyLetters_GivesTheNewestFirstAndFilters()
    {
        await using FileEventLog log = Open();
        var sink = new DeadLetterTopic(log, TimeProvider.System, NullLogger.Instance);
        for (int i = 0; i < 600; i++)
        {
            await sink.WriteAsync(Letter(i, i % 100 == 0 ? "rare" : "common"), default);
        }

        var reader = new DeadLetterReader(log);
        Assert.Equal(600, await reader.CountAsync(default));
        Assert.Equal([599, 598, 597], (await reader.ListAsync(3, null, null, default)).Select(e => e.Id));
        IReadOnlyList<DeadLetterEntry> rare = await reader.ListAsync(10, "payments", "rare", default);
        Assert.Equal([500, 400, 300, 200, 100, 0], rare.Select(e => e.Id));
        Assert.Empty(await reader.ListAsync(10, "logins", null, default));
        Assert.Null(await reader.GetAsync(600, default));
    }

    [Fact]
    public async Task Write_ValueOverTheLimit_IsCutAndSaysSo()
    {
        await using FileEventLog log = Open();
        var sink = new DeadLetterTopic(log, TimeProvider.System, NullLogger.Instance);
        await sink.WriteAsync(Letter(1, "too_large") with { Value = new byte[(1024 * 1024) + 5] }, default);
        DeadLetterEntry entry = Assert.Single(await new DeadLetterReader(log).ListAsync(1, null, null, default));
        Assert.Equal(1024 * 1024, entry.Letter.Value.Length);
        Assert.Equal((1024 * 1024) + 5, entry.ValueBytes);
    }

    private static DeadLetter Letter(long offset, string reason) => new(
        new TopicPartition("payments", 3), offset, reason, "field 'amount'", 1234, "u1"u8.ToArray(), "{}"u8.ToArray());

    private FileEventLog Open() => _fixture.Open(_fixture.Options with
    {
        Topics = new Dictionary<string, int> { [DeadLetterTopic.Name] = 1 },
    });
}
