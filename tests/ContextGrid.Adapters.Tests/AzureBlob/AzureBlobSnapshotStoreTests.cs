using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using ContextGrid.Adapters.AzureBlob;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.TestKit.Checkpoints;

namespace ContextGrid.Adapters.Tests.AzureBlob;

/// <summary>The contract of snapshot stores on Azurite, and what is Azure's own.</summary>
[Collection(AzuriteCollection.Name)]
public sealed class AzureBlobSnapshotStoreTests(AzuriteFixture azurite) : SnapshotStoreConformance, IAsyncLifetime
{
    private readonly string _prefix = azurite.NewPrefix();
    private AzureBlobSnapshotStore? _store;

    public async ValueTask InitializeAsync() =>
        _store = await azurite.OpenAsync(_prefix, options: new AzureBlobOptions { BlockBytesMax = 1 << 20 });

    public ValueTask DisposeAsync() => default;

    [Fact]
    public async Task Open_Prefix_LeavesNoProbe() =>
        Assert.Empty(await Create().ListAsync("", CancellationToken.None));

    [Fact]
    public async Task Put_Blob_StandsUnderThePrefix()
    {
        await Create().PutAsync("a/b", new byte[] { 1 }, PutCondition.Absent, CancellationToken.None);
        BlobContainerClient container = await azurite.ContainerAsync();
        Assert.True(await container.GetBlobClient($"{_prefix}/a/b").ExistsAsync());
    }

    [Fact]
    public async Task List_OtherPrefix_SeesNothingOfThisOne()
    {
        await Create().PutAsync("a", new byte[] { 1 }, PutCondition.Absent, CancellationToken.None);
        ISnapshotStore other = await azurite.OpenAsync(_prefix + "-2");
        Assert.Empty(await other.ListAsync("", CancellationToken.None));
        Assert.Single(await Create().ListAsync("", CancellationToken.None));
    }

    [Fact]
    public async Task List_MoreThanAPage_HasAll()
    {
        ISnapshotStore store = await azurite.OpenAsync(_prefix, options: new AzureBlobOptions { BlobsPerPageMax = 7 });
        await Parallel.ForAsync(0, 50, async (i, token) =>
            await store.PutAsync($"many/{i:D5}", default, PutCondition.Absent, token));
        IReadOnlyList<SnapshotBlobInfo> blobs = await store.ListAsync("many/", CancellationToken.None);
        Assert.Equal(50, blobs.Count);
        Assert.Equal("many/00049", blobs[^1].Name);
    }

    [Fact]
    public async Task Put_InBlocksByManyAtOnce_OneWinsAndIsWhole()
    {
        ISnapshotStore store = await azurite.OpenAsync(_prefix, options: AzuriteFixture.Impatient with
        {
            AttemptMax = TimeSpan.FromSeconds(30),
        });
        byte[][] contents = [.. Enumerable.Range(0, 6).Select(i => Filled((byte)i, 300_001))];
        PutResult[] results = await Task.WhenAll(contents.Select(c => Task.Run(async () =>
            await store.PutAsync("race/large", c, PutCondition.Absent, CancellationToken.None))));
        SnapshotBlob? blob = await store.GetAsync("race/large", CancellationToken.None);
        int winner = Array.FindIndex(results, r => r.Outcome == PutOutcome.Done);
        Assert.Single(results, r => r.Outcome == PutOutcome.Done);
        Assert.All(results.Where((_, i) => i != winner), r => Assert.Equal(PutOutcome.Conflict, r.Outcome));
        Assert.True(blob?.Content.Span.SequenceEqual(contents[winner]));
    }

    [Fact]
    public async Task Put_InBlocksIfMatch_HappensOnlyWithTheNewestETag()
    {
        ISnapshotStore store = Create();
        byte[] large = Filled(7, (5 << 20) + 1);
        PutResult first = await store.PutAsync("large", large, PutCondition.Absent, CancellationToken.None);
        PutResult again = await store.PutAsync("large", large, PutCondition.Absent, CancellationToken.None);
        PutResult second = await store.PutAsync("large", large, new(false, first.ETag), CancellationToken.None);
        PutResult third = await store.PutAsync("large", large, new(false, first.ETag), CancellationToken.None);
        Assert.Equal(
            [PutOutcome.Done, PutOutcome.Conflict, PutOutcome.Done, PutOutcome.Conflict],
            [first.Outcome, again.Outcome, second.Outcome, third.Outcome]);
    }

    [Fact]
    public async Task Read_ManyAtOnce_EachGetsItsRange()
    {
        ISnapshotStore store = Create();
        byte[] content = new byte[200_000];
        new Random(11).NextBytes(content);
        await store.PutAsync("ranges", content, PutCondition.Absent, CancellationToken.None);
        await Parallel.ForAsync(0, 200, async (i, token) =>
        {
            byte[] part = new byte[997];
            Assert.Equal(997, await store.ReadAsync("ranges", i * 990, part, token));
            Assert.True(part.AsSpan().SequenceEqual(content.AsSpan(i * 990, 997)));
        });
    }

    [Fact]
    public async Task Delete_BlobWithSnapshots_IsGone()
    {
        ISnapshotStore store = Create();
        await store.PutAsync("kept", new byte[] { 1 }, PutCondition.Absent, CancellationToken.None);
        BlobContainerClient container = await azurite.ContainerAsync();
        BlobSnapshotInfo taken = await container.GetBlobClient($"{_prefix}/kept").CreateSnapshotAsync();
        Assert.NotEmpty(taken.Snapshot);
        await store.DeleteAsync("kept", CancellationToken.None);
        Assert.Null(await store.GetAsync("kept", CancellationToken.None));
    }

    [Fact]
    public async Task Open_ContainerIsMissing_IsMade()
    {
        string text = $"{(await azurite.RequireAsync()).ConnectionString};Container=made-by-the-start";
        ISnapshotStore store = await AzureBlobSnapshotStore.OpenAsync(
            AzuriteFixture.Address(text), new AzureBlobOptions(), TimeProvider.System, CancellationToken.None);
        await store.PutAsync("a", new byte[] { 1 }, PutCondition.Absent, CancellationToken.None);
        Assert.Single(await store.ListAsync("", CancellationToken.None));
    }

    protected override ISnapshotStore Create() => _store ?? throw new InvalidOperationException("Not opened.");

    private static byte[] Filled(byte value, int bytes)
    {
        byte[] content = new byte[bytes];
        Array.Fill(content, value);
        return content;
    }
}
