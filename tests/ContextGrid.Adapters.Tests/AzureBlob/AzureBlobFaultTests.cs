using System.Diagnostics;
using Azure.Storage.Blobs;
using ContextGrid.Adapters.AzureBlob;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.TestKit.Parts;

namespace ContextGrid.Adapters.Tests.AzureBlob;

/// <summary>Puts and reads over a network that is slow, breaks, or loses answers: Azurite behind Toxiproxy.</summary>
[Collection(AzuriteCollection.Name)]
public sealed class AzureBlobFaultTests(AzuriteFixture azurite)
{
    private static readonly AzureBlobOptions Stubborn = AzuriteFixture.Impatient with { RetriesMax = 10 };

    private readonly string _prefix = azurite.NewPrefix();

    [Theory]
    [InlineData("upstream")]
    [InlineData("downstream")]
    public async Task Put_Latency_IsDone(string stream)
    {
        ToxicRoute route = await azurite.RouteAsync();
        ISnapshotStore store = await azurite.OpenAsync(_prefix, route.Port, Stubborn);
        await route.AddAsync("latency", stream, new { latency = 200, jitter = 50 });
        byte[] content = Filled(200_000);
        Assert.Equal(PutOutcome.Done, (await PutAsync(store, content)).Outcome);
        Assert.True((await store.GetAsync("a", CancellationToken.None))?.Content.Span.SequenceEqual(content));
    }

    [Fact]
    public async Task Put_ResetMidUploadForGood_IsNeverCalledDone()
    {
        ToxicRoute route = await azurite.RouteAsync();
        ISnapshotStore store = await azurite.OpenAsync(_prefix, route.Port, AzuriteFixture.Impatient);
        string toxic = await route.AddAsync("limit_data", "upstream", new { bytes = 20_000 });
        PutResult put = await PutAsync(store, Filled(60_000));
        Assert.Equal(new PutResult(PutOutcome.Unknown, null), put);
        Assert.False(await IsThereAsync());

        await route.RemoveAsync(toxic);
        Assert.Equal(PutOutcome.Done, (await PutAsync(store, Filled(60_000))).Outcome);
    }

    [Fact]
    public async Task Put_ResetMidUploadOfBlocks_GoesOnWithTheBlock()
    {
        ToxicRoute route = await azurite.RouteAsync();
        ISnapshotStore store = await azurite.OpenAsync(_prefix, route.Port, Stubborn);
        await route.AddAsync("limit_data", "upstream", new { bytes = 100_000 });
        byte[] content = Filled(500_000);
        PutResult put = await PutAsync(store, content);
        SnapshotBlob? blob = await (await azurite.OpenAsync(_prefix)).GetAsync("a", CancellationToken.None);
        Assert.Equal((PutOutcome.Done, blob?.ETag), (put.Outcome, put.ETag));
        Assert.True(blob?.Content.Span.SequenceEqual(content));
    }

    [Theory]
    [InlineData("limit_data")]
    [InlineData("timeout")]
    [InlineData("reset_peer")]
    public async Task Put_DoneButTheAnswerIsLost_IsResolvedAsDone(string fault)
    {
        ToxicRoute route = await azurite.RouteAsync();
        ISnapshotStore store = await azurite.OpenAsync(_prefix, route.Port, Stubborn);
        string toxic = await route.AddAsync(
            fault, "downstream", fault == "limit_data" ? new { bytes = 0 } : new { timeout = 0 });
        Task<PutResult> putting = PutAsync(store, Filled(1_000));
        await UntilAsync(() => IsThereAsync());
        await route.RemoveAsync(toxic);
        PutResult put = await putting;
        SnapshotBlob? blob = await store.GetAsync("a", CancellationToken.None);
        Assert.Equal((PutOutcome.Done, blob?.ETag), (put.Outcome, put.ETag));
        Assert.True(blob?.Content.Span.SequenceEqual(Filled(1_000)));
    }

    [Fact]
    public async Task Put_DoneAndNoAnswerEver_IsUnknownAndThere()
    {
        ToxicRoute route = await azurite.RouteAsync();
        ISnapshotStore store = await azurite.OpenAsync(_prefix, route.Port, AzuriteFixture.Impatient);
        string toxic = await route.AddAsync("limit_data", "downstream", new { bytes = 0 });
        Assert.Equal(new PutResult(PutOutcome.Unknown, null), await PutAsync(store, Filled(1_000)));
        Assert.True(await IsThereAsync());

        // What another call finds there is not its own.
        await route.RemoveAsync(toxic);
        Assert.Equal(new PutResult(PutOutcome.Conflict, null), await PutAsync(store, Filled(1_000)));
    }

    [Fact]
    public async Task Put_IfMatchDoneButTheAnswerIsLost_IsResolvedAsDone()
    {
        ToxicRoute route = await azurite.RouteAsync();
        ISnapshotStore store = await azurite.OpenAsync(_prefix, route.Port, Stubborn);
        PutResult first = await store.PutAsync("a", Filled(5), PutCondition.Absent, CancellationToken.None);
        string toxic = await route.AddAsync("limit_data", "downstream", new { bytes = 0 });
        Task<PutResult> putting = store.PutAsync(
            "a", Filled(9), new PutCondition(false, first.ETag), CancellationToken.None).AsTask();
        ISnapshotStore direct = await azurite.OpenAsync(_prefix);
        await UntilAsync(async () =>
            (await direct.GetAsync("a", CancellationToken.None))?.Content.Length == 9);
        await route.RemoveAsync(toxic);
        PutResult second = await putting;
        Assert.Equal(PutOutcome.Done, second.Outcome);
        Assert.Equal(second.ETag, (await direct.GetAsync("a", CancellationToken.None))?.ETag);
    }

    [Fact]
    public async Task Read_ConnectionBreaks_GivesTheWholeRangeOrAFailure()
    {
        ToxicRoute route = await azurite.RouteAsync();
        ISnapshotStore store = await azurite.OpenAsync(_prefix, route.Port, AzuriteFixture.Impatient);
        byte[] content = Filled(60_000), part = new byte[60_000];
        await PutAsync(store, content);
        string toxic = await route.AddAsync("limit_data", "downstream", new { bytes = 30_000 });
        Assert.Equal(60_000, await store.ReadAsync("a", 0, part, CancellationToken.None));
        Assert.True(part.AsSpan().SequenceEqual(content));
        await route.RemoveAsync(toxic);

        toxic = await route.AddAsync("limit_data", "downstream", new { bytes = 100 });
        await Assert.ThrowsAsync<SnapshotStoreException>(async () =>
            await store.ReadAsync("a", 0, part, CancellationToken.None));
        await route.RemoveAsync(toxic);
        Assert.Equal(60_000, await store.ReadAsync("a", 0, part, CancellationToken.None));
    }

    private static byte[] Filled(int bytes)
    {
        byte[] content = new byte[bytes];
        new Random(bytes).NextBytes(content);
        return content;
    }

    private static Task<PutResult> PutAsync(ISnapshotStore store, byte[] content, string name = "a") =>
        store.PutAsync(name, content, PutCondition.Absent, CancellationToken.None).AsTask();

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        for (long start = Stopwatch.GetTimestamp(); !await holds(); await timer.WaitForNextTickAsync())
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(30), "It did not come within 30 s.");
        }
    }

    private async Task<bool> IsThereAsync()
    {
        BlobContainerClient container = await azurite.ContainerAsync();
        return await container.GetBlobClient($"{_prefix}/a").ExistsAsync();
    }
}
