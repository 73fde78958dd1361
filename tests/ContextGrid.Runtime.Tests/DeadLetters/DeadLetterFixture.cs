using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using ContextGrid.Core.Definitions;
using ContextGrid.Runtime.Codecs;
using ContextGrid.Runtime.DeadLetters;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Embedded.Log;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Tests.Embedded.Log;
using static ContextGrid.Runtime.Tests.Ingestion.TestRecords;

namespace ContextGrid.Runtime.Tests.DeadLetters;

/// <summary>A log of files with payments and dead letters, and services over it; without ingestion.</summary>
public sealed class DeadLetterFixture : IAsyncDisposable
{
    public const string Bad = """{"payment_id":"p","user_id":"u1","items":"three"}""";
    public const string Good = """{"payment_id":"p","user_id":"u1","items":3}""";

    public const long RecordMs = NowMs - 3_600_000;

    private readonly LogFixture _files = new();
    private readonly Meter _meter = new("test");
    private int _services;

    public DeadLetterFixture() => Log = _files.Open(_files.Options with
    {
        Topics = new Dictionary<string, int> { ["payments"] = 2, [DeadLetterTopic.Name] = 1 },
    });

    public FileEventLog Log { get; }

    /// <summary>The service as a new process has it.</summary>
    public DeadLetterService NewService(IEventLog? log = null, TimeProvider? time = null) => new(
        log ?? Log, new EventValidator(Definitions), [], new IdVerdicts([], TimeProvider.System),
        string.Create(CultureInfo.InvariantCulture, $"process {++_services}"), _meter, time ?? TimeProvider.System);

    /// <summary>A letter about a record of partition 1.</summary>
    public static DeadLetter Letter(long offset, string payload = Bad, string reason = "wrong_type") => new(
        new TopicPartition("payments", 1), offset, reason, "field 'items'", NowMs + offset, "u1"u8.ToArray(),
        Encoding.UTF8.GetBytes(payload))
    {
        RecordTimeMs = RecordMs,
        Headers = LogHeaders.Encode([new("trace", "abc"), new("contextgrid.retry.of", "77")]),
    };

    /// <summary>Writes letters; returns their numbers.</summary>
    public async Task<long[]> WriteAsync(params IEnumerable<DeadLetter> letters)
    {
        var sink = new DeadLetterTopic(Log, TimeProvider.System);
        var ids = new List<long>();
        foreach (DeadLetter letter in letters)
        {
            ids.Add((await sink.WriteAsync(letter, default)).Offset);
        }

        return [.. ids];
    }

    /// <summary>The payments in the log: partition, time, key, payload and headers.</summary>
    public async Task<List<string>> PaymentsAsync()
    {
        var found = new List<string>();
        for (int partition = 0; partition < 2; partition++)
        {
            var batch = new LogBatch();
            await using ILogReader reader = Log.OpenReader(new TopicPartition("payments", partition), 0);
            while (await reader.ReadAsync(batch, TimeSpan.Zero, default) == ReadOutcome.Records)
            {
                for (int i = 0; i < batch.Count; i++)
                {
                    string headers = string.Join(
                        ' ', LogHeaders.Decode(batch.Headers(i)).Select(h => $"{h.Key}={h.Value}"));
                    found.Add(string.Create(
                        CultureInfo.InvariantCulture,
                        $"{partition}@{batch[i].TimestampMs - RecordMs} {Text(batch.Key(i))} {Text(batch.Value(i))} "
                        + $"{headers}"));
                }
            }
        }

        return found;
    }

    /// <summary>The payments as readers of events without ids see them: how many count, and how many are left out.
    /// </summary>
    public async Task<(long Events, long LeftOut)> CountAsync()
    {
        DefinitionSet withoutIds = DefinitionFiles.Parse(
            "test.yaml",
            """
            version: 1
            events: {payment: {topic: payments, fields: {user_id: string, items: int64}}}
            entities: {user: {from: {payment: user_id}, features: {payments: payment | count()}}}
            """).Set ?? throw new InvalidOperationException("The definitions are wrong.");
        (long events, long leftOut) = (0, 0);
        for (int partition = 0; partition < 2; partition++)
        {
            var source = new TopicPartition("payments", partition);
            var cursor = new EventBatch(withoutIds, 0, source);
            var batch = new LogBatch();
            await using ILogReader reader = Log.OpenReader(source, 0);
            while (await reader.ReadAsync(batch, TimeSpan.Zero, default) == ReadOutcome.Records)
            {
                cursor.Load(batch);
                cursor.SkipAll();
                (events, leftOut) = (events + cursor.Events, leftOut + cursor.Duplicates);

                // Records that are read once more are not second ones.
                long before = cursor.Events;
                cursor.Load(batch);
                cursor.SkipAll();
                Assert.Equal(before, cursor.Events);
            }
        }

        return (events, leftOut);
    }

    public async ValueTask DisposeAsync()
    {
        await Log.DisposeAsync();
        _meter.Dispose();
        _files.Dispose();
    }

    private static string Text(ReadOnlySpan<byte> utf8) => Encoding.UTF8.GetString(utf8);
}
