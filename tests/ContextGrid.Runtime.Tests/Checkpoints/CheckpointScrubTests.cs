using ContextGrid.Runtime.Checkpoints;
using ContextGrid.TestKit.Checkpoints;
using Microsoft.Extensions.Logging.Abstractions;
using static ContextGrid.Runtime.Tests.Checkpoints.CheckpointFixture;

namespace ContextGrid.Runtime.Tests.Checkpoints;

/// <summary>All segments are read once after the start, so that damage is known before it is met.</summary>
public sealed class CheckpointScrubTests
{
    private readonly FaultySnapshotStore _store = new();

    [Fact]
    public async Task Run_AllIsWell_ReadsEverything()
    {
        await using CheckpointStore checkpoints = await FillAsync();
        CheckpointScrub scrub = checkpoints.Scrub(NullLogger.Instance);
        Assert.Equal(checkpoints.Current.Segments.Sum(s => s.Bytes), scrub.BytesTotal);
        await scrub.RunAsync(CancellationToken.None);
        Assert.Equal(scrub.BytesTotal, scrub.Bytes);
        Assert.Empty(scrub.Faults);
    }

    [Fact]
    public async Task Run_AnyByteBeforeTheIndexIsFlipped_NamesTheSegmentAndGoesOnWithTheNext()
    {
        await using CheckpointStore checkpoints = await FillAsync();
        string name = checkpoints.View.Segments[0].Info.Name;
        for (int at = 0; at < checkpoints.View.Segments[0].Tail.IndexOffset; at++)
        {
            Flip(name, at);
            CheckpointScrub scrub = checkpoints.Scrub(NullLogger.Instance);
            await scrub.RunAsync(CancellationToken.None);
            Assert.Contains($"{name} is corrupt at byte", Assert.Single(scrub.Faults), StringComparison.Ordinal);
            Assert.Equal(scrub.BytesTotal, scrub.Bytes);
            Flip(name, at);
        }
    }

    [Fact]
    public async Task Run_SegmentIsMissing_NamesIt()
    {
        await using CheckpointStore checkpoints = await FillAsync();
        string name = checkpoints.View.Segments[1].Info.Name;
        await _store.DeleteAsync(name, CancellationToken.None);
        CheckpointScrub scrub = checkpoints.Scrub(NullLogger.Instance);
        await scrub.RunAsync(CancellationToken.None);
        Assert.Contains(name, Assert.Single(scrub.Faults), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_MergeReplacedTheSegmentMeanwhile_IsNoFault()
    {
        await using CheckpointStore checkpoints = await FillAsync();
        SegmentView before = checkpoints.View;
        for (int i = 0; i < 10; i++)
        {
            await PublishAsync(checkpoints, i + 10, ("a", $"{i}"), ("b", $"{i}"), ("c", $"{i}"));
        }

        Assert.DoesNotContain(checkpoints.View.Segments, s => before.Segments.Any(b => b.Info.Name == s.Info.Name));
        int asked = 0;
        var scrub = new CheckpointScrub(
            _store,
            () => ++asked <= 2 ? before : checkpoints.View, // It is made with the old view, and starts with it.
            TimeProvider.System,
            NullLogger.Instance);
        await scrub.RunAsync(CancellationToken.None);
        Assert.True(asked > 2, "The old segments are still there.");
        Assert.Empty(scrub.Faults);
    }

    private async Task<CheckpointStore> FillAsync()
    {
        CheckpointStore checkpoints = await OpenAsync(_store);
        await PublishAsync(checkpoints, 1, ("a", "one"), ("b", "one"));
        await PublishAsync(checkpoints, 2, ("c", "two"));
        Assert.Equal(2, checkpoints.View.Segments.Length);
        return checkpoints;
    }

    private void Flip(string name, int at) => _store.Damage(name, content =>
    {
        content[at] ^= 0x10;
        return content;
    });
}
