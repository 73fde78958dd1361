using ContextGrid.Runtime.Embedded.Log;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Tests.Demo;
using static ContextGrid.Runtime.Tests.Embedded.Log.LogFixture;

namespace ContextGrid.Runtime.Tests.Embedded.Log;

public sealed class FileEventLogRetentionTests : IDisposable
{
    private static readonly string Value = new('v', 1000);
    private readonly LogFixture _fixture = new();
    private readonly ManualTime _time = new(1_700_000_000_000);

    private FileEventLogOptions Small
        => _fixture.Options with { SegmentBytesMax = 4096, RetentionTime = TimeSpan.Zero };

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task Append_BeyondASegment_BeginsNewOnesAndReadsAcross()
    {
        await using (FileEventLog log = _fixture.Open(Small, _time))
        {
            await FillAsync(log, 30);
        }

        Assert.True(Directory.GetFiles(_fixture.PartitionPath, "*.log").Length > 5);
        await using FileEventLog again = _fixture.Open(Small, _time);
        Assert.Empty(again.Recovered);
        Assert.Equal(30, (await ReadAllAsync(again)).Count);
        Assert.Equal(13, (await ReadAllAsync(again, 17)).Count);
    }

    [Fact]
    public async Task Retention_ByBytes_DropsTheOldestAndReadersLearnIt()
    {
        await using FileEventLog log = _fixture.Open(Small with { RetentionBytes = 10_000 }, _time);
        await using ILogReader slow = log.OpenReader(Partition, 0);
        await FillAsync(log, 3);
        var batch = new LogBatch();
        Assert.Equal(ReadOutcome.Records, await slow.ReadAsync(batch, TimeSpan.Zero, default));
        await FillAsync(log, 60);
        _time.Advance(TimeSpan.FromMinutes(1));
        LogRange range = await log.GetRangeAsync(Partition, default);
        Assert.InRange(range.Start, 50, 56);
        Assert.Equal(63, range.End);
        Assert.Equal(ReadOutcome.OffsetGone, await slow.ReadAsync(batch, TimeSpan.Zero, default));
        Assert.Equal(range.Start, slow.NextOffset);
        Assert.Equal(ReadOutcome.Records, await slow.ReadAsync(batch, TimeSpan.Zero, default));
        Assert.Equal(range.Start, batch[0].Offset);
    }

    [Fact]
    public async Task Retention_ByTime_KeepsWhatWasAppendedSinceWhateverItsTimestamp()
    {
        await using FileEventLog log = _fixture.Open(Small with { RetentionTime = TimeSpan.FromHours(1) }, _time);
        await FillAsync(log, 10);
        Assert.Equal(0, (await log.GetRangeAsync(Partition, default)).Start);
        _time.Advance(TimeSpan.FromHours(2));
        await FillAsync(log, 10);
        _time.Advance(TimeSpan.FromMinutes(1));
        LogRange range = await log.GetRangeAsync(Partition, default);
        Assert.InRange(range.Start, 6, 10);
    }

    [Fact]
    public async Task FindOffset_ManySegments_FindsTheSegmentAndAfterRetentionTheStart()
    {
        await using FileEventLog log = _fixture.Open(Small, _time);
        for (int i = 0; i < 40; i++)
        {
            await AppendAsync(log, Record(Value, time: i * 100));
        }

        for (int i = 0; i < 40; i++)
        {
            Assert.InRange(await log.FindOffsetAsync(Partition, i * 100, default), i - 3, i);
        }

        Assert.Equal(40, await log.FindOffsetAsync(Partition, 4000, default));
    }

    [Fact]
    public async Task Open_IndexesMissingOrWrong_MakesThemAnew()
    {
        await using (FileEventLog log = _fixture.Open(Small, _time))
        {
            await FillAsync(log, 30);
        }

        string[] indexes = Directory.GetFiles(_fixture.PartitionPath, "*.index");
        for (int i = 0; i < indexes.Length; i++)
        {
            byte[] bytes = await File.ReadAllBytesAsync(indexes[i]);
            bytes[i % bytes.Length] ^= 0x10;
            await File.WriteAllBytesAsync(indexes[i], bytes);
        }

        File.Delete(indexes[0]);
        await using FileEventLog again = _fixture.Open(Small, _time);
        Assert.Empty(again.Recovered);
        Assert.Equal(30, (await ReadAllAsync(again)).Count);
        Assert.Equal(30, await again.FindOffsetAsync(Partition, 2000, default));
    }

    [Fact]
    public async Task Read_OlderSegmentCutShort_FailsAsCorrupt()
    {
        await using (FileEventLog log = _fixture.Open(Small, _time))
        {
            await FillAsync(log, 30);
        }

        string oldest = Directory.GetFiles(_fixture.PartitionPath, "*.log").Order(StringComparer.Ordinal).First();
        byte[] bytes = await File.ReadAllBytesAsync(oldest);
        foreach (int cut in new[] { 1, 1033 })
        {
            await File.WriteAllBytesAsync(oldest, bytes[..^cut]);
            await using FileEventLog log = _fixture.Open(Small, _time);
            var e = await Assert.ThrowsAsync<EventLogException>(() => ReadAllAsync(log));
            Assert.Equal(EventLogError.Corrupt, e.Error);
        }
    }

    [Fact]
    public async Task Read_OlderSegmentHasAgainWhatWasCut_TakesTheNextSegmentsRecords()
    {
        await using (FileEventLog log = _fixture.Open(Small, _time))
        {
            await FillAsync(log, 30);
        }

        string[] segments = [.. Directory.GetFiles(_fixture.PartitionPath, "*.log").Order(StringComparer.Ordinal)];
        byte[] next = await File.ReadAllBytesAsync(segments[1]);
        int record = BitConverter.ToInt32(next, 32) + 8;
        await File.AppendAllBytesAsync(segments[0], [.. next[32..(32 + record)], 1, 2, 3]);
        await using FileEventLog again = _fixture.Open(Small, _time);
        Assert.Equal(30, (await ReadAllAsync(again)).Count);
    }

    private static async Task FillAsync(FileEventLog log, int records)
    {
        for (int i = 0; i < records; i++)
        {
            await AppendAsync(log, Record(Value));
        }
    }
}
