using System.Diagnostics;
using ContextGrid.Runtime.Embedded.Log;
using ContextGrid.Runtime.Ingestion;
using static ContextGrid.Runtime.Tests.Embedded.Log.LogFixture;

namespace ContextGrid.Runtime.Tests.Embedded.Log;

public sealed class FileEventLogFaultTests : IDisposable
{
    private readonly LogFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task Open_SecondTime_NamesTheDirectory()
    {
        await using FileEventLog log = _fixture.Open();
        var e = Assert.Throws<EventLogException>(() => _fixture.Open());
        Assert.Equal(EventLogError.Unavailable, e.Error);
        Assert.Contains(_fixture.Root, e.Message, StringComparison.Ordinal);
        Assert.Contains("in use by another server", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_DirectoryThatCannotBeMade_SaysSo()
    {
        string file = Path.Combine(_fixture.Root, "file");
        File.WriteAllText(file, "");
        var e = Assert.Throws<EventLogException>(
            () => _fixture.Open(_fixture.Options with { Directory = Path.Combine(file, "log") }));
        Assert.Equal(EventLogError.Unavailable, e.Error);
        Assert.Contains(file, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_FewerPartitionsThanThereAre_IsRefusedAndMoreAreMade()
    {
        FileEventLogOptions Of(int partitions) => _fixture.Options with
        {
            Topics = new Dictionary<string, int> { ["events"] = partitions },
        };
        await _fixture.Open(Of(2)).DisposeAsync();
        var e = Assert.Throws<EventLogException>(() => _fixture.Open(Of(1)));
        Assert.Contains("'events' has 2 partitions", e.Message, StringComparison.Ordinal);
        await using (FileEventLog grown = _fixture.Open(Of(3)))
        {
            Assert.Equal(3, await grown.CountPartitionsAsync("events", default));
        }

        await using FileEventLog unnamed = _fixture.Open(
            _fixture.Options with { Topics = new Dictionary<string, int>() });
        Assert.Equal(3, await unnamed.CountPartitionsAsync("events", default));
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("a/b")]
    [InlineData("größe")]
    public void Open_BadTopicName_IsRefused(string topic) => Assert.Throws<ArgumentException>(
        () => _fixture.Open(_fixture.Options with { Topics = new Dictionary<string, int> { [topic] = 1 } }));

    [Fact]
    public async Task Append_FsyncFails_NothingIsVisibleAndTheLogRefusesUntilItIsReopened()
    {
        bool fails = false;
        FileEventLogOptions options = _fixture.Options with
        {
            Files = new FlushHook(() => _ = fails ? throw new IOException("Input/output error") : fails),
        };
        await using (FileEventLog log = _fixture.Open(options))
        {
            await AppendAsync(log, Record("kept"));
            fails = true;
            var first = await Assert.ThrowsAsync<EventLogException>(() => AppendAsync(log, Record("lost")));
            fails = false;
            var second = await Assert.ThrowsAsync<EventLogException>(() => AppendAsync(log, Record("refused")));
            Assert.Equal(EventLogError.Unavailable, first.Error);
            Assert.Equal(EventLogError.Unavailable, second.Error);
            Assert.Equal(["kept"], await ReadAllAsync(log));
        }

        await using FileEventLog again = _fixture.Open(options);
        Assert.Equal(["kept"], await ReadAllAsync(again));
        Assert.Equal(1, (await AppendAsync(again, Record("next")))[0].Offset);
    }

    [Fact]
    public async Task Append_IndexCannotBeWritten_GoesOn()
    {
        await using FileEventLog log = _fixture.Open(_fixture.Options with { SegmentBytesMax = 4096 });
        Directory.CreateDirectory(Path.Combine(_fixture.PartitionPath, new string('0', 20) + ".index"));
        string large = new('x', 3000);
        for (int i = 0; i < 4; i++)
        {
            RecordPosition[] positions = await AppendAsync(log, Record(large)).WaitAsync(TimeSpan.FromSeconds(30));
            Assert.Equal(i, positions[0].Offset);
        }

        Assert.Equal(4, (await ReadAllAsync(log)).Count);
    }

    [Fact]
    public async Task Append_NextSegmentCannotBeMade_LeavesNoFileThatHidesRecords()
    {
        await using FileEventLog log = _fixture.Open(_fixture.Options with { SegmentBytesMax = 4096 });
        await AppendAsync(log, Record(new string('x', 3000)));
        Directory.CreateDirectory(Path.Combine(_fixture.PartitionPath, "1".PadLeft(20, '0') + ".index"));
        await Assert.ThrowsAsync<EventLogException>(() => AppendAsync(log, Record(new string('x', 3000))));
        Assert.Single(Directory.GetFiles(_fixture.PartitionPath, "*.log"));
    }

    [Fact]
    public async Task Append_DiskIsFull_FailsThatGroupAndRecoversByItself()
    {
        string mount = Path.Combine(_fixture.Root, "small");
        Directory.CreateDirectory(mount);
        Assert.SkipUnless(Run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", mount), "tmpfs can't be mounted here");
        try
        {
            string ballast = Path.Combine(mount, "ballast");
            await File.WriteAllBytesAsync(ballast, new byte[600_000]);
            await using FileEventLog log = _fixture.Open(
                _fixture.Options with { Directory = Path.Combine(mount, "log") });
            await AppendAsync(log, Record("kept"));
            string large = new('x', 500_000);
            var e = await Assert.ThrowsAsync<EventLogException>(() => AppendAsync(log, Record(large)));
            Assert.Equal(EventLogError.Full, e.Error);
            Assert.Equal(["kept"], await ReadAllAsync(log));
            File.Delete(ballast);
            Assert.Equal(1, (await AppendAsync(log, Record(large)))[0].Offset);
            Assert.Equal(["kept", large], await ReadAllAsync(log));
        }
        finally
        {
            Run("umount", mount);
        }
    }

    [Fact]
    public async Task Append_MoreThanMayWait_IsBusyAfterTheWait()
    {
        using var stuck = new ManualResetEventSlim();
        await using FileEventLog log = _fixture.Open(_fixture.Options with
        {
            AppendBytesPendingMax = 1 << 20,
            AppendWaitMax = TimeSpan.FromMilliseconds(50),
            Files = new FlushHook(stuck.Wait),
        });
        LogRecord large = Record(new string('x', 700_000));
        Task<RecordPosition[]>[] admitted = [AppendAsync(log, Record("first")), AppendAsync(log, large)];
        EventLogException? busy = null;
        for (int i = 0; i < 3 && busy is null; i++)
        {
            // One call may still find room when the writer takes the first group late.
            Task<RecordPosition[]> next = AppendAsync(log, large);
            busy = await FailureOf(next, TimeSpan.FromSeconds(1));
        }

        stuck.Set();
        Assert.Equal(EventLogError.Busy, busy?.Error);
        await Task.WhenAll(admitted);
    }

    private static async Task<EventLogException?> FailureOf(Task task, TimeSpan patience)
    {
        await Task.WhenAny(task, Task.Delay(patience));
        return task.Exception?.InnerException as EventLogException;
    }

    private static bool Run(string program, params string[] arguments)
    {
        try
        {
            using Process? process =
                Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true });
            process?.WaitForExit();
            return process?.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
