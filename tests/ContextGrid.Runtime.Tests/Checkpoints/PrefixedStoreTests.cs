using ContextGrid.Runtime.Checkpoints;
using ContextGrid.TestKit.Checkpoints;

namespace ContextGrid.Runtime.Tests.Checkpoints;

/// <summary>A part of a store keeps the contract of a store, and does not see what is beside it.</summary>
public sealed class PrefixedStoreTests : SnapshotStoreConformance, IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("contextgrid-part-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task List_BlobsAreBesideIt_GivesItsOwn()
    {
        ISnapshotStore whole = Open(), part = new PrefixedStore(whole, "shards/00001/");
        await whole.PutAsync("shards/00010/a", new byte[] { 1 }, PutCondition.Absent, CancellationToken.None);
        await part.PutAsync("b", new byte[] { 2 }, PutCondition.Absent, CancellationToken.None);
        Assert.Equal("b", Assert.Single(await part.ListAsync("", CancellationToken.None)).Name);
        Assert.Null(await part.GetAsync("a", CancellationToken.None));
    }

    /// <inheritdoc/>
    protected override ISnapshotStore Create() => new PrefixedStore(Open(), "shards/00001/");

    private DirectorySnapshotStore Open() => DirectorySnapshotStore.Open(_root, TimeProvider.System);
}
