using ContextGrid.Runtime.Checkpoints;
using ContextGrid.TestKit.Checkpoints;
using static ContextGrid.Runtime.Tests.Checkpoints.CheckpointFixture;

namespace ContextGrid.Runtime.Tests.Checkpoints;

public sealed class DirectorySnapshotStoreTests : SnapshotStoreConformance, IDisposable
{
    private readonly string _path = Directory.CreateTempSubdirectory("contextgrid-snapshots-").FullName;

    public void Dispose() => Directory.Delete(_path, recursive: true);

    [Fact]
    public async Task Put_TwoStoresOnOneDirectory_OneWins()
    {
        ISnapshotStore[] stores = [Create(), Create()];
        PutResult[] results = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Task.Run(async () =>
            await stores[i % 2].PutAsync("a/b", new byte[] { 1 }, PutCondition.Absent, CancellationToken.None))));
        Assert.Single(results, r => r.Outcome == PutOutcome.Done);

        string? tag = results.Single(r => r.Outcome == PutOutcome.Done).ETag;
        var condition = new PutCondition(false, tag);
        results = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Task.Run(async () =>
            await stores[i % 2].PutAsync("a/b", new byte[] { 2 }, condition, CancellationToken.None))));
        Assert.Single(results, r => r.Outcome == PutOutcome.Done);
    }

    [Fact]
    public async Task Open_LeftoversOfADeadProcess_AreRemovedAndNeverListed()
    {
        ISnapshotStore store = Create();
        await store.PutAsync("a", new byte[] { 1 }, PutCondition.Absent, CancellationToken.None);
        string leftover = Path.Combine(_path, "_aside", "123-4");
        await File.WriteAllTextAsync(leftover, "half a segment");
        File.SetLastWriteTimeUtc(leftover, DateTime.UnixEpoch);
        Assert.Single(await store.ListAsync("", CancellationToken.None));
        Create();
        Assert.False(File.Exists(leftover));
    }

    [Fact]
    public async Task Open_WhileAnotherOneWrites_TakesNothingFromIt()
    {
        ISnapshotStore store = Create();
        Task writing = Task.Run(async () =>
        {
            for (int i = 0; i < 100; i++)
            {
                PutResult put = await store.PutAsync(
                    $"a/{i}", new byte[] { 1 }, PutCondition.Absent, CancellationToken.None);
                Assert.Equal(PutOutcome.Done, put.Outcome);
            }
        });
        while (!writing.IsCompleted)
        {
            Create();
        }

        await writing;
    }

    [Fact]
    public async Task Put_Done_LeavesNothingAside()
    {
        ISnapshotStore store = Create();
        await store.PutAsync("a", new byte[] { 1 }, PutCondition.Absent, CancellationToken.None);
        await store.PutAsync("a", new byte[] { 1 }, PutCondition.Absent, CancellationToken.None);
        await store.PutAsync("a", new byte[] { 2 }, PutCondition.Always, CancellationToken.None);
        Assert.Empty(Directory.GetFiles(Path.Combine(_path, "_aside")));
    }

    [Fact]
    public void Open_PathIsAFile_NamesThePath()
    {
        string file = Path.Combine(_path, "file");
        File.WriteAllText(file, "");
        var refused = Assert.Throws<SnapshotStoreException>(
            () => DirectorySnapshotStore.Open(file, TimeProvider.System));
        Assert.Contains(file, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Failure_NoPermission_NamesThePathAndTheRemedy()
    {
        SnapshotStoreException failure = StoreFailure.Of("/data/a", "opened", new UnauthorizedAccessException());
        Assert.StartsWith(
            "/data/a could not be opened: permission is denied.", failure.Message, StringComparison.Ordinal);
        Assert.Contains("Give this user", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(28, "disk is full")]
    [InlineData(30, "read-only")]
    [InlineData(122, "quota")]
    [InlineData(5, "Check the disk")]
    public void Failure_OfTheSystem_SaysWhatToDo(int error, string expected)
    {
        SnapshotStoreException failure = StoreFailure.Of("/data/a", "written", new IOException("I/O error", error));
        Assert.StartsWith("/data/a could not be written: ", failure.Message, StringComparison.Ordinal);
        Assert.Contains(expected, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Checkpoints_OnADirectory_SurviveReopening()
    {
        for (int opening = 0; opening < 3; opening++)
        {
            await using CheckpointStore checkpoints = await OpenAsync(Create());
            Assert.Equal(opening * 12, (await ReadAsync(checkpoints)).Count);
            for (int i = 0; i < 12; i++)
            {
                await PublishAsync(checkpoints, i, ($"{opening}/{i}", new string('x', 500)));
            }
        }
    }

    protected override ISnapshotStore Create() => DirectorySnapshotStore.Open(_path, TimeProvider.System);
}
