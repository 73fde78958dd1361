using System.Collections.Immutable;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Shards;
using ContextGrid.TestKit.Checkpoints;
using static ContextGrid.Runtime.Tests.Checkpoints.CheckpointFixture;

namespace ContextGrid.Runtime.Tests.Checkpoints;

public sealed class MergeTests
{
    private static readonly CheckpointOptions Options = new() { SegmentBytesMax = 16_000, SmallSegmentsMax = 3 };

    [Fact]
    public void Choose_FewSmallSegments_MergesNothing() =>
        Assert.Equal((0, 0), Choose(B(9000), N(100), N(100), N(100)));

    [Fact]
    public void Choose_MoreSmallSegmentsThanAllowed_MergesTheirRun() =>
        Assert.Equal((1, 4), Choose(B(9000), N(100), N(100), N(100), N(100)));

    [Fact]
    public void Choose_SmallestTierFirst_LeavesLargerNeighbours() =>
        Assert.Equal((3, 4), Choose(B(15_000), N(2000), N(2000), N(100), N(100), N(100), N(100)));

    [Fact]
    public void Choose_SecondTierFull_MergesBothTiers() =>
        Assert.Equal((1, 4), Choose(B(15_000), N(2000), N(2000), N(2000), N(2000)));

    [Fact]
    public void Choose_MoreAboveTheBaseThanInIt_MergesAll() =>
        Assert.Equal((0, 3), Choose(B(9000), N(9000), N(1000)));

    [Fact]
    public void Choose_LargeFirstCheckpoint_IsLeftAlone() =>
        Assert.Equal((0, 0), Choose([.. Enumerable.Repeat(B(16_000), 24)]));

    [Fact]
    public async Task Publish_MergeRunsBeside_LosesNothing()
    {
        string path = Directory.CreateTempSubdirectory("contextgrid-merge-").FullName;
        try
        {
            ISnapshotStore[] stores =
            [
                new FaultySnapshotStore(), DirectorySnapshotStore.Open(path, TimeProvider.System),
            ];
            foreach (ISnapshotStore store in stores)
            {
                await PublishBesideMergesAsync(store);
            }
        }
        finally
        {
            Directory.Delete(path, recursive: true);
        }
    }

    [Fact]
    public async Task Merge_EverythingDeleted_LeavesNoSegment()
    {
        var store = new FaultySnapshotStore();
        await using CheckpointStore checkpoints = await OpenAsync(store);
        await PublishAsync(checkpoints, 1, ("a", "one"));
        for (int i = 2; i < 6; i++)
        {
            using CheckpointBuilder builder = checkpoints.BeginCheckpoint();
            builder.Delete("a");
            await builder.PublishAsync(At(checkpoints, i), CancellationToken.None);
        }

        await PublishAsync(checkpoints, 6);
        Assert.InRange(checkpoints.Current.Segments.Length, 0, 2);
        Assert.Empty(await ReadAsync(checkpoints));
    }

    private static async Task PublishBesideMergesAsync(ISnapshotStore store)
    {
        var model = new SortedDictionary<string, string>(StringComparer.Ordinal);
        for (int opening = 0; opening < 4; opening++)
        {
            await using CheckpointStore checkpoints = await CheckpointStore.OpenAsync(
                store, "owner", TimeProvider.System, Options, CancellationToken.None);
            Assert.True(model.SequenceEqual(await ReadAsync(checkpoints)), $"opening {opening}");
            for (int round = 0; round < 15; round++)
            {
                (string Key, string Value)[] changed =
                [
                    .. Enumerable.Range(round, 20)
                        .Select(i => ($"{i * 7 % 30}", $"{opening} {round} {new string('x', 20 * i)}")),
                ];
                foreach ((string key, string value) in changed)
                {
                    model[$"user/{key}"] = value;
                }

                await PublishAsync(checkpoints, round, changed);
            }

            Assert.Null(checkpoints.MergeError);
        }
    }

    private static (int Start, int Count) Choose(params ImmutableArray<SegmentInfo> segments) =>
        MergePolicy.Choose(segments, Options);

    private static SegmentInfo B(int bytes) => new("segments/base", bytes, 0, 1, 0, IsBase: true, ShardSet.All(4));

    private static SegmentInfo N(int bytes) => new("segments/newer", bytes, 0, 1, 0, IsBase: false, ShardSet.All(4));
}
