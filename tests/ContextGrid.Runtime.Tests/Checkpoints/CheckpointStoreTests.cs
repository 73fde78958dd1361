using System.Collections.Immutable;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.TestKit.Checkpoints;
using static ContextGrid.Runtime.Tests.Checkpoints.CheckpointFixture;

namespace ContextGrid.Runtime.Tests.Checkpoints;

public sealed class CheckpointStoreTests
{
    private readonly FaultySnapshotStore _store = new();

    [Fact]
    public async Task Open_EmptyStore_HasEpochOneAndNoEntities()
    {
        await using CheckpointStore checkpoints = await OpenAsync(_store);
        Assert.Equal(1, checkpoints.Epoch);
        Assert.Empty(await ReadAsync(checkpoints));
        Assert.Contains("no checkpoint yet", Assert.Single(checkpoints.Recovered), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reopen_AfterPublish_BringsContentAndEntitiesBack()
    {
        var content = new CheckpointContent
        {
            DefinitionVersion = 3,
            DefinitionHashes = ImmutableSortedDictionary.CreateRange(
                StringComparer.Ordinal, [KeyValuePair.Create("user", ulong.MaxValue)]),
            Counters = ImmutableSortedDictionary.CreateRange(
                StringComparer.Ordinal, [KeyValuePair.Create("late", -7L), KeyValuePair.Create("seen", long.MaxValue)]),
            Sources = [new SourceProgress("payments", 3, 77, TwentyGaps())],
        };
        await using (CheckpointStore first = await OpenAsync(_store))
        {
            using CheckpointBuilder builder = first.BeginCheckpoint();
            builder.Add("a", "one");
            builder.Add("a", "of another type", "device");
            builder.Add("b", "old");
            builder.Add("b", "new");
            Assert.Equal(2, await builder.PublishAsync(WithShards(first, content), CancellationToken.None));
        }

        await using CheckpointStore second = await OpenAsync(_store);
        Assert.Equal(2, second.Epoch);
        Assert.Equal(
            ["device/a=of another type", "user/a=one", "user/b=new"],
            (await ReadAsync(second)).Select(e => $"{e.Key}={e.Value}"));
        CheckpointContent found = second.Current.Content;
        Assert.Equal(3, found.DefinitionVersion);
        Assert.Equal(content.DefinitionHashes, found.DefinitionHashes);
        Assert.Equal(content.Counters, found.Counters);
        SourceProgress source = Assert.Single(found.Sources);
        Assert.Equal(("payments", 3, 77L), (source.Topic, source.Partition, source.NextOffset));
        Assert.Equal(content.Sources[0].Gaps.Skip(4), source.Gaps);
    }

    [Fact]
    public async Task Publish_NothingChanged_AddsNoSegment()
    {
        await using CheckpointStore checkpoints = await OpenAsync(_store);
        await PublishAsync(checkpoints, 1, ("a", "one"));
        Assert.Equal(3, await PublishAsync(checkpoints, 2));
        Assert.Single(checkpoints.Current.Segments);
        Assert.Equal(2, checkpoints.Current.Content.Sources[0].NextOffset);
    }

    [Fact]
    public async Task Publish_AfterAnotherOpened_IsFencedForGood()
    {
        await using CheckpointStore old = await OpenAsync(_store, "old");
        using CheckpointBuilder builder = old.BeginCheckpoint();
        builder.Add("a", "lost");
        await using CheckpointStore replacing = await OpenAsync(_store, "replacing");
        var fenced = await Assert.ThrowsAsync<OwnerFencedException>(
            async () => await builder.PublishAsync(At(old, 9), CancellationToken.None));
        Assert.Contains("replacing", fenced.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<OwnerFencedException>(
            async () => await builder.PublishAsync(At(old, 9), CancellationToken.None));
        await PublishAsync(replacing, 1, ("a", "kept"));
        await using CheckpointStore reopened = await OpenAsync(_store);
        Assert.Equal("kept", (await ReadAsync(reopened))["user/a"]);
    }

    [Fact]
    public async Task Publish_SleptUntilItsGenerationWasCollected_IsFenced()
    {
        await using CheckpointStore old = await OpenAsync(_store, "old");
        await using CheckpointStore replacing = await OpenAsync(_store, "replacing");
        for (int i = 0; i < 10; i++)
        {
            await PublishAsync(replacing, i, ("a", $"{i}"));
        }

        await Assert.ThrowsAsync<OwnerFencedException>(() => PublishAsync(old, 99, ("a", "stale")));
        await using CheckpointStore reopened = await OpenAsync(_store);
        Assert.Equal("9", (await ReadAsync(reopened))["user/a"]);
        Assert.Equal(3, reopened.Epoch);
    }

    [Fact]
    public async Task Publish_ManyRounds_EqualsADictionaryAndStaysSmall()
    {
        const int seed = 20261121;
        var random = new Random(seed);
        var model = new SortedDictionary<string, string>(StringComparer.Ordinal);
        CheckpointStore checkpoints = await OpenAsync(_store);
        for (int round = 0; round < 120; round++)
        {
            using (CheckpointBuilder builder = checkpoints.BeginCheckpoint())
            {
                Change(random, model, builder);
                await builder.PublishAsync(At(checkpoints, round), CancellationToken.None);
            }

            if (round % 10 == 9)
            {
                await checkpoints.DisposeAsync();
                checkpoints = await OpenAsync(_store);
                Assert.True(model.SequenceEqual(await ReadAsync(checkpoints)), $"seed {seed}, round {round}");
            }

            Assert.InRange(checkpoints.Current.Segments.Sum(s => s.Bytes), 0, 200_000);
            Assert.Null(checkpoints.MergeError);
        }

        IReadOnlyList<SnapshotBlobInfo> blobs = await _store.ListAsync("", CancellationToken.None);
        Assert.InRange(
            blobs.Count(b => b.Name.StartsWith(
                CheckpointManifest.FolderOf(checkpoints.Epoch), StringComparison.Ordinal)), 1, 4);
        Assert.InRange(blobs.Sum(b => b.Bytes), 0, 400_000);
        await checkpoints.DisposeAsync();
    }

    [Fact]
    public async Task BeginCheckpoint_AnotherOpen_Refuses()
    {
        await using CheckpointStore checkpoints = await OpenAsync(_store);
        using CheckpointBuilder builder = checkpoints.BeginCheckpoint();
        Assert.Throws<InvalidOperationException>(checkpoints.BeginCheckpoint);
        builder.Dispose();
        checkpoints.BeginCheckpoint().Dispose();
    }

    [Fact]
    public async Task Spill_MoreThanASegment_WritesBeforeThePublish()
    {
        await using CheckpointStore checkpoints = await OpenAsync(_store);
        using CheckpointBuilder builder = checkpoints.BeginCheckpoint();
        for (int i = 0; i < 100; i++)
        {
            builder.Add($"{i}", new string('x', 100));
        }

        builder.Add("large", new string('y', 20_000));
        Assert.True(builder.MustSpill);
        await builder.SpillAsync(CancellationToken.None);
        Assert.False(builder.MustSpill);
        await builder.PublishAsync(At(checkpoints, 1), CancellationToken.None);
        Assert.True(checkpoints.Current.Segments.Length > 3);
        Assert.Equal(101, (await ReadAsync(checkpoints)).Count);
    }

    private static ImmutableArray<OffsetGap> TwentyGaps() =>
        [.. Enumerable.Range(0, 20).Select(i => new OffsetGap(i * 9, (i * 9) + 3))];

    private static void Change(Random random, SortedDictionary<string, string> model, CheckpointBuilder builder)
    {
        for (int change = random.Next(0, 20); change > 0; change--)
        {
            string key = $"{random.Next(0, 150)}";
            if (random.Next(0, 5) == 0)
            {
                builder.Delete(key);
                model.Remove($"user/{key}");
            }
            else
            {
                string value = $"{random.Next()}{new string('x', random.Next(0, 400))}";
                builder.Add(key, value);
                model[$"user/{key}"] = value;
            }
        }
    }
}
