using ContextGrid.Runtime.Checkpoints;

namespace ContextGrid.TestKit.Checkpoints;

/// <summary>The contract of <see cref="ISnapshotStore"/>, to be run against every implementation.</summary>
public abstract class SnapshotStoreConformance
{
    private static readonly byte[] One = [1, 2, 3], Two = [4, 5, 6, 7];

    /// <summary>An empty store; called once a test.</summary>
    protected abstract ISnapshotStore Create();

    [Fact]
    public async Task Get_NoSuchBlob_IsNull()
    {
        ISnapshotStore store = Create();
        Assert.Null(await store.GetAsync("folder/none", CancellationToken.None));
        Assert.Equal(-1, await store.ReadAsync("folder/none", 0, new byte[4], CancellationToken.None));
        await store.DeleteAsync("folder/none", CancellationToken.None);
    }

    [Fact]
    public async Task Put_Absent_IsReadBackWithItsETag()
    {
        ISnapshotStore store = Create();
        PutResult put = await store.PutAsync("folder/a.b-1", One, PutCondition.Absent, CancellationToken.None);
        SnapshotBlob? blob = await store.GetAsync("folder/a.b-1", CancellationToken.None);
        Assert.Equal(PutOutcome.Done, put.Outcome);
        Assert.Equal(One, blob?.Content.ToArray());
        Assert.Equal(put.ETag, blob?.ETag);
    }

    [Fact]
    public async Task Put_AbsentButThere_IsAConflictAndChangesNothing()
    {
        ISnapshotStore store = Create();
        await store.PutAsync("a", One, PutCondition.Absent, CancellationToken.None);
        PutResult put = await store.PutAsync("a", Two, PutCondition.Absent, CancellationToken.None);
        Assert.Equal(new PutResult(PutOutcome.Conflict, null), put);
        Assert.Equal(One, (await store.GetAsync("a", CancellationToken.None))?.Content.ToArray());
    }

    [Fact]
    public async Task Put_AbsentByManyAtOnce_OneWins()
    {
        ISnapshotStore store = Create();
        Task<PutResult>[] puts =
        [
            .. Enumerable.Range(0, 16).Select(i => Task.Run(async () =>
                await store.PutAsync("race/a", new byte[] { (byte)i }, PutCondition.Absent, CancellationToken.None))),
        ];
        PutResult[] results = await Task.WhenAll(puts);
        int winner = Array.FindIndex(results, r => r.Outcome == PutOutcome.Done);
        Assert.Single(results, r => r.Outcome == PutOutcome.Done);
        SnapshotBlob? blob = await store.GetAsync("race/a", CancellationToken.None);
        Assert.Equal(new[] { (byte)winner }, blob?.Content.ToArray());
    }

    [Fact]
    public async Task Put_IfMatch_HappensOnlyWithTheNewestETag()
    {
        ISnapshotStore store = Create();
        PutResult first = await store.PutAsync("a", One, PutCondition.Always, CancellationToken.None);
        var condition = new PutCondition(false, first.ETag);
        PutResult second = await store.PutAsync("a", Two, condition, CancellationToken.None);
        PutResult third = await store.PutAsync("a", One, condition, CancellationToken.None);
        Assert.Equal(PutOutcome.Done, second.Outcome);
        Assert.Equal(PutOutcome.Conflict, third.Outcome);
        Assert.Equal(Two, (await store.GetAsync("a", CancellationToken.None))?.Content.ToArray());
    }

    [Fact]
    public async Task Put_IfMatchOfNoBlob_IsAConflict()
    {
        ISnapshotStore store = Create();
        PutResult put = await store.PutAsync("a", One, new PutCondition(false, "x"), CancellationToken.None);
        Assert.Equal(PutOutcome.Conflict, put.Outcome);
        Assert.Null(await store.GetAsync("a", CancellationToken.None));
    }

    [Fact]
    public async Task Put_IfMatchByManyAtOnce_OneWins()
    {
        ISnapshotStore store = Create();
        PutResult first = await store.PutAsync("a", One, PutCondition.Absent, CancellationToken.None);
        PutResult[] results = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(async () =>
            await store.PutAsync(
                "a", new byte[] { (byte)i }, new PutCondition(false, first.ETag), CancellationToken.None))));
        Assert.Single(results, r => r.Outcome == PutOutcome.Done);
    }

    [Fact]
    public async Task Put_SameContentAgain_ChangesTheETag()
    {
        ISnapshotStore store = Create();
        PutResult first = await store.PutAsync("a", One, PutCondition.Always, CancellationToken.None);
        PutResult second = await store.PutAsync("a", One, PutCondition.Always, CancellationToken.None);
        Assert.NotEqual(first.ETag, second.ETag);
    }

    [Fact]
    public async Task Read_Ranges_GivesLessOnlyAtTheEnd()
    {
        ISnapshotStore store = Create();
        await store.PutAsync("a", Two, PutCondition.Always, CancellationToken.None);
        byte[] buffer = new byte[3];
        Assert.Equal(3, await store.ReadAsync("a", 0, buffer, CancellationToken.None));
        Assert.Equal([4, 5, 6], buffer);
        Assert.Equal(2, await store.ReadAsync("a", 2, buffer, CancellationToken.None));
        Assert.Equal([6, 7], buffer[..2]);
        Assert.Equal(0, await store.ReadAsync("a", 4, buffer, CancellationToken.None));
        Assert.Equal(0, await store.ReadAsync("a", 400, buffer, CancellationToken.None));
    }

    [Fact]
    public async Task Put_EmptyAndLarge_AreWhole()
    {
        ISnapshotStore store = Create();
        byte[] large = new byte[3 << 20];
        new Random(7).NextBytes(large);
        await store.PutAsync("empty", default, PutCondition.Absent, CancellationToken.None);
        await store.PutAsync("large", large, PutCondition.Absent, CancellationToken.None);
        Assert.Equal(0, (await store.GetAsync("empty", CancellationToken.None))?.Content.Length);
        Assert.True((await store.GetAsync("large", CancellationToken.None))?.Content.Span.SequenceEqual(large));
    }

    [Fact]
    public async Task List_Prefix_IsOrdinalAndExact()
    {
        ISnapshotStore store = Create();
        foreach (string name in (string[])["b/10", "b/9", "a/1", "b-1", "b/1/2", "c"])
        {
            await store.PutAsync(name, One, PutCondition.Absent, CancellationToken.None);
        }

        Assert.Equal(["b/1/2", "b/10", "b/9"], await NamesAsync(store, "b/"));
        Assert.Equal(["b/1/2", "b/10"], await NamesAsync(store, "b/1"));
        Assert.Equal(["a/1", "b-1", "b/1/2", "b/10", "b/9", "c"], await NamesAsync(store, ""));
        Assert.Empty(await NamesAsync(store, "nothing/"));
        Assert.All(await store.ListAsync("", CancellationToken.None), b => Assert.Equal(3, b.Bytes));
    }

    [Fact]
    public async Task Delete_Blob_FreesItsName()
    {
        ISnapshotStore store = Create();
        await store.PutAsync("f/a", One, PutCondition.Absent, CancellationToken.None);
        await store.DeleteAsync("f/a", CancellationToken.None);
        Assert.Null(await store.GetAsync("f/a", CancellationToken.None));
        PutResult put = await store.PutAsync("f/a", Two, PutCondition.Absent, CancellationToken.None);
        Assert.Equal(PutOutcome.Done, put.Outcome);
    }

    [Theory]
    [InlineData("")]
    [InlineData("/a")]
    [InlineData("a/")]
    [InlineData("a//b")]
    [InlineData("../a")]
    [InlineData("a/./b")]
    [InlineData("A")]
    [InlineData("a_b")]
    [InlineData("a b")]
    public async Task Put_NameOutsideTheContract_IsRefused(string name)
    {
        ISnapshotStore store = Create();
        await Assert.ThrowsAsync<ArgumentException>(
            async () => await store.PutAsync(name, One, PutCondition.Always, CancellationToken.None));
    }

    private static async Task<IEnumerable<string>> NamesAsync(ISnapshotStore store, string prefix) =>
        (await store.ListAsync(prefix, CancellationToken.None)).Select(b => b.Name);
}
