using System.Collections.Concurrent;
using ContextGrid.Runtime.Backups;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Tests.Verification;
using ContextGrid.Runtime.Verification;
using static ContextGrid.Runtime.Tests.Backups.BackupFixture;
using PublishOutcome = ContextGrid.Runtime.Ingestion.PublishOutcome;

namespace ContextGrid.Runtime.Tests.Backups;

/// <summary>Backups of a host that is written to: they are consistent, and whole or not there.</summary>
public sealed class GridBackupTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly string _root = Directory.CreateTempSubdirectory("contextgrid-backup-").FullName;

    private string Data => Path.Combine(_root, "data");

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Theory]
    [InlineData(0)]
    [InlineData(300_000)]
    public async Task Run_WhilePublishingAndCollectingGarbage_RestoresWhatItsLogHolds(long memoryMaxBytes)
    {
        await using EmbeddedHost host = await StartAsync(Data, TimeSpan.FromMilliseconds(5), memoryMaxBytes);
        await PublishAsync(host, "first", 0, new Random(1));
        await AnswersAsync(host);
        var acknowledged = new ConcurrentDictionary<TopicPartition, long>();
        using var enough = new CancellationTokenSource();
        Task[] writers = [.. Enumerable.Range(0, 3).Select(
            w => Task.Run(() => WriteAsync(host, $"w{w}", acknowledged, enough.Token)))];
        for (int round = 0; round < 3; round++)
        {
            string to = Path.Combine(_root, $"backup-{round}");
            KeyValuePair<TopicPartition, long>[] before = [.. acknowledged];
            var later = new CheckpointsGoOn(host, Limit);
            BackupResult result = await host.Backup.RunAsync(to, long.MaxValue, later.Wait, default);
            Assert.True(later.Seen, later.ToString());
            foreach ((TopicPartition partition, long offset) in before)
            {
                Assert.True(result.Ranges.Single(r => r.Partition == partition).Range.End > offset);
            }

            await RequireConsistentAsync(result);
        }

        await enough.CancelAsync();
        await Task.WhenAll(writers);
    }

    [Fact]
    public async Task Run_EmptyDirectoryAndNothingPublished_IsABackup()
    {
        await using EmbeddedHost host = await StartAsync(Data, TimeSpan.FromHours(1));
        string to = Directory.CreateDirectory(Path.Combine(_root, "backup")).FullName;
        var told = new List<BackupProgress>();
        BackupResult result = await host.Backup.RunAsync(to + "/", GridBackup.BytesPerSecondDefault, told.Add, default);
        Assert.Equal(Partitions + 1, result.Ranges.Length);
        Assert.Equal(new LogRange(0, 0), result.Ranges[0].Range);
        Assert.All(told, p => Assert.InRange(p.BytesDone, 1, p.BytesTotal));
        await RequireConsistentAsync(result);
        var e = await Assert.ThrowsAsync<BackupException>(() => host.Backup.RunAsync(to, 1, _ => { }, default));
        Assert.Equal(BackupError.Exists, e.Error);
    }

    [Theory]
    [InlineData("backup", BackupError.Invalid)]
    [InlineData("", BackupError.Invalid)]
    [InlineData("{root}/none/backup", BackupError.Invalid)]
    [InlineData("{root}/a\0b", BackupError.Invalid)]
    [InlineData("{root}/data/backup", BackupError.Invalid)]
    [InlineData("{root}/data/log/backup", BackupError.Invalid)]
    [InlineData("{root}/link/backup", BackupError.Invalid)]
    [InlineData("{root}/data", BackupError.Invalid)]
    [InlineData("{root}", BackupError.Exists)]
    [InlineData("{root}/file", BackupError.Exists)]
    [InlineData("/proc/contextgrid-backup", BackupError.Failed, BackupError.Denied)]
    public async Task Run_PlaceThatWillNotDo_IsRefusedAndLeavesNothing(string to, params BackupError[] expected)
    {
        await using EmbeddedHost host = await StartAsync(Data, TimeSpan.FromHours(1));
        await File.WriteAllTextAsync(Path.Combine(_root, "file"), "");
        Directory.CreateSymbolicLink(Path.Combine(_root, "link"), Data);
        string[] before = Names();
        var e = await Assert.ThrowsAsync<BackupException>(() => host.Backup.RunAsync(
            to.Replace("{root}", _root, StringComparison.Ordinal), 1_000_000, _ => { }, default));
        Assert.Contains(e.Error, expected);
        Assert.DoesNotContain('\n', e.Message);
        Assert.Equal(before, Names());
    }

    [Fact]
    public async Task Run_CancelledAmidst_LeavesNothing()
    {
        await using EmbeddedHost host = await StartAsync(Data, TimeSpan.FromHours(1));
        await PublishAsync(host, "w", 0, new Random(1));
        string[] before = Names();
        using var cancel = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => host.Backup.RunAsync(
            Path.Combine(_root, "backup"), 1_000_000, _ => cancel.Cancel(), cancel.Token));
        Assert.Equal(before, Names());
    }

    [Fact]
    public async Task Run_AnotherIsUnderWay_IsRefusedAndTheFirstGoesOn()
    {
        await using EmbeddedHost host = await StartAsync(Data, TimeSpan.FromHours(1));
        await PublishAsync(host, "w", 0, new Random(1));
        Task? second = null;
        await host.Backup.RunAsync(
            Path.Combine(_root, "backup"),
            1_000_000_000,
            _ => second ??= host.Backup.RunAsync(Path.Combine(_root, "second"), 1, _ => { }, default),
            default);
        Assert.NotNull(second);
        Assert.Equal(BackupError.Busy, (await Assert.ThrowsAsync<BackupException>(() => second)).Error);
        Assert.False(Directory.Exists(Path.Combine(_root, "second")));
    }

    [Fact]
    public async Task Run_NewestSegmentOfTheLogIsDamaged_IsRefusedAndLeavesNothing()
    {
        await using EmbeddedHost host = await StartAsync(Data, TimeSpan.FromHours(1));
        for (int i = 0; i < 5; i++)
        {
            await PublishAsync(host, "w", i, new Random(i));
        }

        DataFiles.Flip(DataFiles.Segments(Data)[^1], 32 + 40, 1);
        string[] before = Names();
        var e = await Assert.ThrowsAsync<BackupException>(() => host.Backup.RunAsync(
            Path.Combine(_root, "backup"), 1_000_000_000, _ => { }, default));
        Assert.Equal(BackupError.Failed, e.Error);
        Assert.Contains("contextgrid verify", e.Message, StringComparison.Ordinal);
        Assert.Equal(before, Names());
    }

    [Theory]
    [InlineData(28, BackupError.Full)]
    [InlineData(122, BackupError.Full)]
    [InlineData(30, BackupError.Denied)]
    [InlineData(5, BackupError.Failed)]
    public void Of_FailureOfTheDisk_SaysWhatToDo(int errno, BackupError expected)
    {
        BackupException? failure = BackupFailure.Of("/backups/b", new IOException("it failed", errno));
        Assert.Equal(expected, failure?.Error);
    }

    /// <summary>The copy is sound, its checkpoint is not ahead of its log, and a host on it answers what the log says.
    /// </summary>
    private static async Task RequireConsistentAsync(BackupResult result)
    {
        (VerifySummary summary, List<Finding> findings) = await DataTemplate.VerifyAsync(result.Directory);
        Assert.True(summary.IsSound, DataFiles.All(findings));
        (SortedDictionary<string, (long, long)> users, long letters) = await FoldAsync(result.Directory);
        Assert.Equal(letters, result.Ranges.Single(r => r.Partition.Topic == "dead-letters").Range.End);

        await using EmbeddedHost restored = await StartAsync(result.Directory, TimeSpan.FromHours(1));
        Assert.True(restored.Checkpoint.Lineage > 1, "It goes on with the lineage of the copied host.");
        foreach (SourceProgress source in restored.Checkpoint.Content.Sources)
        {
            var partition = new TopicPartition(source.Topic, source.Partition);
            Assert.InRange(
                source.NextOffset, 0, result.Ranges.Single(r => r.Partition == partition).Range.End);
            Assert.Empty(source.Gaps);
        }

        Assert.Equal(users, await AnswersAsync(restored));
        Assert.Equal(letters, (await restored.DeadLetters.CountAsync(default)).Total);
    }

    private static async Task WriteAsync(
        EmbeddedHost host,
        string writer,
        ConcurrentDictionary<TopicPartition, long> acknowledged,
        CancellationToken enough)
    {
        var random = new Random(writer[1]);
        for (int number = 0; !enough.IsCancellationRequested; number++)
        {
            PublishOutcome outcome = await PublishAsync(host, writer, number, random);
            foreach (RecordPosition position in outcome.Positions)
            {
                acknowledged.AddOrUpdate(
                    new TopicPartition("payments", position.Partition),
                    position.Offset,
                    (_, old) => Math.Max(old, position.Offset));
            }
        }
    }

    private string[] Names() =>
        [.. Directory.GetFileSystemEntries(_root).Concat(Directory.GetDirectories(Data)).Order()];
}
