using ContextGrid.Runtime.Checkpoints;
using ContextGrid.TestKit.Checkpoints;
using static ContextGrid.Runtime.Tests.Checkpoints.CheckpointFixture;

namespace ContextGrid.Runtime.Tests.Checkpoints;

/// <summary>When segments that no checkpoint needs are deleted, and when they stay.</summary>
public sealed class CheckpointGarbageTests
{
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(10);

    private readonly FaultySnapshotStore _store = new();
    private readonly HandClock _clock = new();

    [Fact]
    public async Task Collect_GraceIsNotOver_KeepsWhatNoManifestNames()
    {
        await using CheckpointStore checkpoints = await OpenAsync(Grace);
        await ReplaceAsync(checkpoints, times: 8);
        Assert.NotEmpty(await UnnamedAsync(checkpoints));
        _clock.Now += Grace;
        await ReplaceAsync(checkpoints, times: 1);
        string[] kept = await UnnamedAsync(checkpoints);
        await ReplaceAsync(checkpoints, times: 8);
        _clock.Now += Grace;
        await ReplaceAsync(checkpoints, times: 1);
        Assert.NotEmpty(kept);
        Assert.Empty((await UnnamedAsync(checkpoints)).Intersect(kept));
    }

    [Fact]
    public async Task Open_LeftByAnEarlierOwner_GoesAfterTheGrace()
    {
        await _store.PutAsync("segments/00000001/00000000000000000001-9", new byte[9], PutCondition.Absent, default);
        await using (await OpenAsync(Grace))
        {
        }

        await using CheckpointStore checkpoints = await OpenAsync(Grace);
        Assert.Single(await UnnamedAsync(checkpoints));
        _clock.Now += Grace;
        await PublishAsync(checkpoints, 1);
        Assert.Empty(await UnnamedAsync(checkpoints));
    }

    [Fact]
    public async Task Pin_NewestCheckpoint_StaysWhileOthersFollow()
    {
        await using CheckpointStore checkpoints = await OpenAsync(TimeSpan.Zero);
        await PublishAsync(checkpoints, 1, ("a", "one"));
        using (CheckpointPin pin = checkpoints.Pin())
        {
            await ReplaceAsync(checkpoints, times: 8);
            SegmentInfo segment = Assert.Single(pin.Manifest.Segments);
            Assert.DoesNotContain(segment, checkpoints.Current.Segments);
            byte[] content = new byte[segment.Bytes];
            Assert.Equal(content.Length, await pin.ReadAsync(segment, 0, content, CancellationToken.None));
        }

        await ReplaceAsync(checkpoints, times: 1);
        Assert.DoesNotContain(await UnnamedAsync(checkpoints), n => n.Contains("0002-", StringComparison.Ordinal));
    }

    /// <summary>Publishes so much of one entity that merges replace every segment.</summary>
    private static async Task ReplaceAsync(CheckpointStore checkpoints, int times)
    {
        for (int i = 0; i < times; i++)
        {
            await PublishAsync(checkpoints, 1, ("a", $"{i}{new string('x', 900)}"));
        }
    }

    private async Task<string[]> UnnamedAsync(CheckpointStore checkpoints) =>
    [
        .. (await _store.ListAsync("segments/", CancellationToken.None)).Select(b => b.Name)
            .Except(checkpoints.Current.Segments.Select(s => s.Name)),
    ];

    private ValueTask<CheckpointStore> OpenAsync(TimeSpan grace) => CheckpointStore.OpenAsync(
        _store, "owner", _clock, Small with { GarbageGrace = grace }, CancellationToken.None);

    private sealed class HandClock : TimeProvider
    {
        public TimeSpan Now { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.Ticks;
    }
}
