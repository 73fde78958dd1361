using ContextGrid.Runtime.Checkpoints;
using ContextGrid.TestKit.Checkpoints;
using static ContextGrid.Runtime.Tests.Checkpoints.CheckpointFixture;

namespace ContextGrid.Runtime.Tests.Checkpoints;

public sealed class CheckpointCorruptionTests
{
    private const string NewestManifest = "manifests/00000001/00000000000000000003";

    [Fact]
    public async Task Open_AnyByteOfTheNewestManifestFlipped_NamesItAndTakesTheOlder()
    {
        int bytes = (await (await FilledAsync()).GetAsync(NewestManifest, CancellationToken.None))!.Content.Length;
        for (int at = 0; at < bytes; at++)
        {
            FaultySnapshotStore store = await FilledAsync();
            store.Damage(NewestManifest, content => Flip(content, at));
            await using CheckpointStore found = await OpenAsync(store);
            Assert.Contains(found.Recovered, r => r.Contains(NewestManifest, StringComparison.Ordinal));
            Assert.Equal(1, found.Current.Content.Sources[0].NextOffset);
            Assert.Equal("one", (await ReadAsync(found))["user/a"]);
            Assert.Equal((2, 1), (found.Epoch, found.Current.Generation));
        }
    }

    [Fact]
    public async Task Open_NewestManifestTruncatedAnywhere_TakesTheOlder()
    {
        int bytes = (await (await FilledAsync()).GetAsync(NewestManifest, CancellationToken.None))!.Content.Length;
        for (int length = 0; length < bytes; length++)
        {
            FaultySnapshotStore store = await FilledAsync();
            store.Damage(NewestManifest, content => content[..length]);
            await using CheckpointStore found = await OpenAsync(store);
            Assert.Equal(1, found.Current.Content.Sources[0].NextOffset);
        }
    }

    [Fact]
    public async Task OpenOrRead_AnyByteOfASegmentFlipped_IsDetectedAndNamed()
    {
        string name = await NewestSegmentAsync(await FilledAsync());
        int bytes = (await (await FilledAsync()).GetAsync(name, CancellationToken.None))!.Content.Length;
        for (int at = 0; at < bytes; at++)
        {
            FaultySnapshotStore store = await FilledAsync();
            store.Damage(name, content => Flip(content, at));
            await using CheckpointStore found = await OpenAsync(store);
            if (found.Current.Content.Sources[0].NextOffset == 2)
            {
                var corrupt = await Assert.ThrowsAsync<CheckpointCorruptException>(() => ReadAsync(found));
                Assert.Equal(name, corrupt.Blob);
                Assert.InRange(corrupt.Offset, 0, at);
            }
            else
            {
                Assert.Contains(found.Recovered, r => r.Contains(name, StringComparison.Ordinal));
                Assert.Equal("one", (await ReadAsync(found))["user/a"]);
            }
        }
    }

    [Fact]
    public async Task Open_NewestSegmentTruncatedOrMissing_TakesTheOlderManifest()
    {
        string name = await NewestSegmentAsync(await FilledAsync());
        int bytes = (await (await FilledAsync()).GetAsync(name, CancellationToken.None))!.Content.Length;
        for (int length = -1; length < bytes; length++)
        {
            FaultySnapshotStore store = await FilledAsync();
            store.Damage(name, content => length < 0 ? null : content[..length]);
            await using CheckpointStore found = await OpenAsync(store);
            Assert.Contains(found.Recovered, r => r.Contains(name, StringComparison.Ordinal));
            Assert.Equal("one", (await ReadAsync(found))["user/a"]);
        }
    }

    [Fact]
    public async Task Open_NoManifestIsWhole_RefusesAndSaysWhatToDo()
    {
        FaultySnapshotStore store = await FilledAsync();
        foreach (SnapshotBlobInfo blob in await store.ListAsync("manifests/", CancellationToken.None))
        {
            store.Damage(blob.Name, content => Flip(content, content.Length - 1));
        }

        var refused = await Assert.ThrowsAsync<SnapshotStoreException>(async () => await OpenAsync(store));
        Assert.Contains(NewestManifest, refused.Message, StringComparison.Ordinal);
        Assert.Contains("rebuild", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Merge_RecordIsCorrupt_SaysSoAndKeepsPublishing()
    {
        FaultySnapshotStore store = await FilledAsync();
        string name = await NewestSegmentAsync(store);
        await using CheckpointStore checkpoints = await OpenAsync(store);
        store.Damage(name, content => Flip(content, 40));
        for (int i = 0; i < 5; i++)
        {
            await PublishAsync(checkpoints, i, ("c", $"{i}"));
        }

        Assert.Contains(name, checkpoints.MergeError, StringComparison.Ordinal);
    }

    private static async Task<FaultySnapshotStore> FilledAsync()
    {
        var store = new FaultySnapshotStore();
        await using CheckpointStore checkpoints = await OpenAsync(store);
        await PublishAsync(checkpoints, 1, ("a", "one"), ("b", "one"));
        await PublishAsync(checkpoints, 2, ("a", "two"), ("c", "two"));
        return store;
    }

    private static async Task<string> NewestSegmentAsync(FaultySnapshotStore store) =>
        (await store.ListAsync("segments/", CancellationToken.None))[^1].Name;

    private static byte[] Flip(byte[] content, int at)
    {
        content[at] ^= 0x10;
        return content;
    }
}
