using ContextGrid.Runtime.Embedded.Log;
using ContextGrid.Runtime.Ingestion;
using static ContextGrid.Runtime.Tests.Embedded.Log.LogFixture;

namespace ContextGrid.Runtime.Tests.Embedded.Log;

public sealed class FileEventLogRecoveryTests : IDisposable
{
    private readonly LogFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task Open_AfterClose_HasEveryRecordAndGoesOn()
    {
        await using (FileEventLog log = _fixture.Open())
        {
            await AppendAsync(log, Record("a"), Record("b"));
        }

        await using FileEventLog again = _fixture.Open();
        Assert.Empty(again.Recovered);
        Assert.Equal([new RecordPosition(0, 2)], await AppendAsync(again, Record("c")));
        Assert.Equal(["a", "b", "c"], await ReadAllAsync(again));
    }

    [Fact]
    public async Task Open_TailCutAtEachByteOfTheLastRecord_KeepsTheOthersAndSaysSo()
    {
        await using (FileEventLog log = _fixture.Open())
        {
            await AppendAsync(log, Record("first"));
            await AppendAsync(log, Record("second"));
        }

        byte[] whole = await File.ReadAllBytesAsync(_fixture.NewestSegment);
        int last = whole.Length - 32 - "k".Length - "second".Length;
        for (int length = last; length < whole.Length; length++)
        {
            await File.WriteAllBytesAsync(_fixture.NewestSegment, whole[..length]);
            await using FileEventLog log = _fixture.Open();
            Assert.Equal(length == last ? 0 : 1, log.Recovered.Count);
            Assert.Equal(["first"], await ReadAllAsync(log));
            Assert.Equal(1, (await AppendAsync(log, Record("third")))[0].Offset);
            Assert.Equal(["first", "third"], await ReadAllAsync(log));
        }
    }

    [Fact]
    public async Task Open_GarbageOrZerosBehindTheEnd_CutsThem()
    {
        foreach (byte filler in new byte[] { 0, 0xFF, 1 })
        {
            await using (FileEventLog log = _fixture.Open())
            {
                await AppendAsync(log, Record("kept"));
            }

            byte[] tail = new byte[5000];
            Array.Fill(tail, filler);
            await File.AppendAllBytesAsync(_fixture.NewestSegment, tail);
            await using FileEventLog again = _fixture.Open();
            Assert.Contains("cut 5000 bytes", Assert.Single(again.Recovered), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Read_BitFlippedInADurableRecord_FailsAsCorruptAfterTheGoodOnes()
    {
        await using (FileEventLog log = _fixture.Open())
        {
            await AppendAsync(log, Record("first"));
            await AppendAsync(log, Record("second"));
            await AppendAsync(log, Record("third"));
        }

        byte[] whole = await File.ReadAllBytesAsync(_fixture.NewestSegment);
        int start = 32 + 32 + "kfirst".Length, end = start + 32 + "ksecond".Length;
        for (int bit = start * 8; bit < end * 8; bit++)
        {
            byte[] flipped = (byte[])whole.Clone();
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            await File.WriteAllBytesAsync(_fixture.NewestSegment, flipped);
            await using FileEventLog log = _fixture.Open();
            Assert.Contains("damaged", Assert.Single(log.Recovered), StringComparison.Ordinal);
            Assert.Equal(new LogRange(0, 3), await log.GetRangeAsync(Partition, default));
            await using ILogReader reader = log.OpenReader(Partition, 0);
            var batch = new LogBatch();
            Assert.Equal(ReadOutcome.Records, await reader.ReadAsync(batch, TimeSpan.Zero, default));
            Assert.Equal(1, batch.Count);
            var e = await Assert.ThrowsAsync<EventLogException>(
                async () => await reader.ReadAsync(batch, TimeSpan.Zero, default));
            Assert.Equal(EventLogError.Corrupt, e.Error);
            Assert.Equal(1, reader.NextOffset);
        }
    }

    [Fact]
    public async Task Open_FilesAsAKilledProcessLeavesThem_HasEveryAcknowledgedRecord()
    {
        using var copy = new LogFixture();
        await using FileEventLog log = _fixture.Open();
        for (int round = 1; round <= 20; round++)
        {
            await AppendAsync(log, [.. Enumerable.Range(0, 50).Select(i => Record($"{round}:{i}"))]);
            Directory.Delete(copy.Root, recursive: true);
            Directory.CreateDirectory(copy.PartitionPath);
            foreach (string path in Directory.GetFiles(_fixture.Root, "*", SearchOption.AllDirectories))
            {
                if (!path.EndsWith("~lock", StringComparison.Ordinal))
                {
                    string target = Path.Combine(copy.Root, Path.GetRelativePath(_fixture.Root, path));
                    await File.WriteAllBytesAsync(target, await ReadSharedAsync(path));
                }
            }

            await using FileEventLog again = copy.Open();
            Assert.Equal(round * 50, (await ReadAllAsync(again)).Count);
        }
    }

    private static async Task<byte[]> ReadSharedAsync(string path)
    {
        await using var file = new FileStream(path,
            FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        byte[] bytes = new byte[file.Length];
        await file.ReadExactlyAsync(bytes);
        return bytes;
    }
}
