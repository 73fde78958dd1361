using System.Text;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.TestKit.Logs;

/// <summary>
/// The contract of <see cref="IEventLog"/> as tests. A test class of each implementation derives it and opens an empty
/// log with the topic <see cref="Topic"/> of <see cref="Partitions"/> partitions.
/// </summary>
public abstract class EventLogConformance : IAsyncLifetime
{
    /// <summary>The topic that every test uses.</summary>
    protected virtual string Topic => "conformance";

    /// <summary>Its number of partitions.</summary>
    protected const int Partitions = 4;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>The log under test.</summary>
    protected IEventLog Log { get; private set; } = null!; // Set before each test, by InitializeAsync.

    /// <summary>Whether a topic that nobody has made is unknown, and the log has an index of times.</summary>
    protected virtual bool IsWhole => true;

    /// <summary>Opens an empty log.</summary>
    protected abstract ValueTask<IEventLog> OpenAsync();

    public async ValueTask InitializeAsync() => Log = await OpenAsync();

    public virtual async ValueTask DisposeAsync()
    {
        await Log.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task CountPartitions_KnownAndUnknownTopic_GivesTheNumberAndZero()
    {
        Assert.Equal(Partitions, await Log.CountPartitionsAsync(Topic, default));
        Assert.Equal(IsWhole ? 0 : Partitions, await Log.CountPartitionsAsync("no-such-topic", default));
    }

    [Fact]
    public async Task Append_ExplicitPartition_GivesGrowingOffsetsAndIsVisibleAtOnce()
    {
        RecordPosition[] positions = await AppendAsync(Record(1, "a"), Record(1, "b"), Record(2, "c"));
        Assert.Equal([1, 1, 2], positions.Select(p => p.Partition));
        Assert.True(positions[1].Offset > positions[0].Offset);
        LogRange range = await Log.GetRangeAsync(new(Topic, 1), default);
        Assert.True(range.Start <= positions[0].Offset && range.End > positions[1].Offset);
    }

    [Fact]
    public async Task Append_ByKey_UsesMurmur2AsKafkaDoes()
    {
        string[] keys = ["21", "foobar", "abc", "a-little-bit-long-string"];
        RecordPosition[] positions = await AppendAsync([.. keys.Select(key => Record(-1, "v", key))]);
        Assert.Equal(
            keys.Select(key => Murmur2.PartitionFor(Encoding.UTF8.GetBytes(key), Partitions)),
            positions.Select(position => position.Partition));
    }

    [Fact]
    public async Task Append_UnknownTopicOrPartition_IsRefused()
    {
        string missing = IsWhole ? "no-such-topic" : Topic;
        foreach ((string topic, int partition) in new[] { (missing, 99), (Topic, Partitions) })
        {
            EventLogException e = await Assert.ThrowsAsync<EventLogException>(
                async ()
                    => await Log.AppendAsync(topic, new[] { Record(partition, "a") }, new RecordPosition[1], default));
            Assert.Equal(EventLogError.UnknownPartition, e.Error);
        }
    }

    [Fact]
    public async Task Append_ValueOverOneMebibyte_IsRefusedAndNothingOfTheCallIsKept()
    {
        LogRecord large = Record(0, "") with { Value = new byte[(1024 * 1024) + 1] };
        EventLogException e = await Assert.ThrowsAsync<EventLogException>(
            async () => await AppendAsync(Record(0, "small"), large));
        Assert.Equal(EventLogError.RecordTooLarge, e.Error);
        LogRange range = await Log.GetRangeAsync(new(Topic, 0), default);
        Assert.Equal(range.Start, range.End);
    }

    [Fact]
    public async Task Read_WhatWasAppended_GivesEveryPartUnchanged()
    {
        byte[] headers = LogHeaders.Encode([new("name", "välue")]);
        byte[] largest = new byte[1024 * 1024];
        new Random(7).NextBytes(largest);
        LogRecord[] records =
        [
            new(3, 123456789, "key"u8.ToArray(), "value"u8.ToArray(), headers),
            new(3, 5, default, default, default),
            new(3, 6, new byte[5000], largest, default),
        ];
        await AppendAsync(records);
        List<LogRecord> read = await ReadAsync(new(Topic, 3), 0, records.Length);
        for (int i = 0; i < records.Length; i++)
        {
            Assert.Equal(records[i].TimestampMs, read[i].TimestampMs);
            Assert.Equal(records[i].Key.ToArray(), read[i].Key.ToArray());
            Assert.True(records[i].Value.Span.SequenceEqual(read[i].Value.Span));
            Assert.Equal(records[i].Headers.ToArray(), read[i].Headers.ToArray());
        }
    }

    [Fact]
    public async Task Append_BuffersReusedAfterTheCall_KeepsWhatWasAppended()
    {
        byte[] value = "before"u8.ToArray();
        await AppendAsync(new LogRecord(0, 1, default, value, default));
        "after!"u8.CopyTo(value);
        Assert.Equal("before", Text((await ReadAsync(new(Topic, 0), 0, 1))[0]));
    }

    [Fact]
    public async Task Read_NothingThere_GivesNoneAtOnceOrAfterTheWait()
    {
        await using ILogReader reader = Log.OpenReader(new(Topic, 0), 0);
        var batch = new LogBatch();
        Assert.Equal(ReadOutcome.None, await reader.ReadAsync(batch, TimeSpan.Zero, default));
        Assert.Equal(ReadOutcome.None, await reader.ReadAsync(batch, TimeSpan.FromMilliseconds(20), default));
        Assert.Equal(0, batch.Count);
    }

    [Fact]
    public async Task Read_RecordArrivesWhileWaiting_EndsTheWait()
    {
        await using ILogReader reader = Log.OpenReader(new(Topic, 0), 0);
        var batch = new LogBatch();
        Task<ReadOutcome> waiting = reader.ReadAsync(batch, Patience, default).AsTask();
        Assert.False(waiting.IsCompleted);
        await AppendAsync(Record(0, "late"));
        Assert.Equal(ReadOutcome.Records, await waiting);
        Assert.Equal("late", Encoding.UTF8.GetString(batch.Value(0)));
    }

    [Fact]
    public async Task Read_CancelledWhileWaiting_EndsWithCancellation()
    {
        await using ILogReader reader = Log.OpenReader(new(Topic, 0), 0);
        using var source = new CancellationTokenSource();
        Task<ReadOutcome> waiting = reader.ReadAsync(new LogBatch(), Patience, source.Token).AsTask();
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    [Fact]
    public async Task OpenReader_InTheMiddle_StartsThere()
    {
        RecordPosition[] positions = await AppendAsync([.. Enumerable.Range(0, 5000).Select(i => Record(0, $"v{i}"))]);
        foreach (int at in new[] { 1, 2500, 4999 })
        {
            List<LogRecord> read = await ReadAsync(new(Topic, 0), positions[at].Offset, 1);
            Assert.Equal($"v{at}", Text(read[0]));
        }
    }

    [Fact]
    public async Task OpenReader_UnknownPartition_IsRefusedThereOrAtTheFirstRead() => Assert.Equal(
        EventLogError.UnknownPartition,
        (await Assert.ThrowsAsync<EventLogException>(() => ReadAsync(new(Topic, Partitions), 0, 1))).Error);

    [Fact]
    public async Task FindOffset_AnyTime_IsNeverLargerThanTheFirstRecordThatIsSoLate()
    {
        var random = new Random(11);
        var times = new List<long>();
        for (int call = 0; call < 20; call++)
        {
            LogRecord[] records = [.. Enumerable.Range(0, 200).Select(i => new LogRecord(
                0, (call * 1000) + random.Next(3000), default, new byte[500], default))];
            await AppendAsync(records);
            times.AddRange(records.Select(record => record.TimestampMs));
        }

        long start = (await Log.GetRangeAsync(new(Topic, 0), default)).Start;
        for (long time = 0; time < 23_000 && IsWhole; time += 500)
        {
            int first = times.FindIndex(t => t >= time);
            long found = await Log.FindOffsetAsync(new(Topic, 0), time, default);
            long exact = first < 0 ? (await Log.GetRangeAsync(new(Topic, 0), default)).End : start + first;
            Assert.True(found <= exact, $"time {time}: found {found}, the first so late is {exact}");
        }
    }

    [Fact]
    public async Task AppendAndRead_Concurrently_EachReaderSeesEachWritersOrder()
    {
        const int Writers = 4, Calls = 25, PerCall = 20;
        Task<List<LogRecord>>[] readers =
            [.. Enumerable.Range(0, 3).Select(_
                => Task.Run(() => ReadAsync(new(Topic, 0), 0, Writers * Calls * PerCall)))];
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(async () =>
        {
            for (int call = 0; call < Calls; call++)
            {
                int first = call * PerCall;
                await AppendAsync([.. Enumerable.Range(first, PerCall).Select(i => Record(0, $"{i}", $"w{writer}"))]);
            }
        })));
        foreach (List<LogRecord> read in await Task.WhenAll(readers))
        {
            foreach (IGrouping<string, LogRecord> writer in read.GroupBy(r => Encoding.UTF8.GetString(r.Key.Span)))
            {
                Assert.Equal(Enumerable.Range(0, Calls * PerCall).Select(i => $"{i}"), writer.Select(Text));
            }
        }
    }

    private static LogRecord Record(int partition, string value, string key = "k") =>
        new(partition, 1000, Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(value), default);

    private static string Text(LogRecord record) => Encoding.UTF8.GetString(record.Value.Span);

    private async Task<RecordPosition[]> AppendAsync(params LogRecord[] records)
    {
        var positions = new RecordPosition[records.Length];
        await Log.AppendAsync(Topic, records, positions, default);
        return positions;
    }

    private async Task<List<LogRecord>> ReadAsync(TopicPartition partition, long from, int count)
    {
        var records = new List<LogRecord>();
        var batch = new LogBatch();
        long next = from;
        await using ILogReader reader = Log.OpenReader(partition, from);
        while (records.Count < count)
        {
            Assert.Equal(ReadOutcome.Records, await reader.ReadAsync(batch, Patience, default));
            for (int i = 0; i < batch.Count; i++)
            {
                Assert.True(batch[i].Offset >= next, $"offset {batch[i].Offset} came after {next - 1}");
                next = batch[i].Offset + 1;
                records.Add(new LogRecord(
                    partition.Partition, batch[i].TimestampMs, batch.Key(i).ToArray(), batch.Value(i).ToArray(),
                    batch.Headers(i).ToArray()));
            }
        }

        return records;
    }
}
