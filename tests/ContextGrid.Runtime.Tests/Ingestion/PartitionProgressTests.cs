using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.Tests.Ingestion;

public sealed class PartitionProgressTests
{
    private readonly PartitionProgress _progress = new(TestRecords.Partition, 0, 10, []);

    [Fact]
    public void Lag_RecordsWait_HasTheirNumberAndAge()
    {
        Assert.Equal((0, 0), (_progress.Lag, _progress.LagMs(5000)));
        _progress.SeeEnd(15, 1000);
        Assert.Equal((5, 4000), (_progress.Lag, _progress.LagMs(5000)));
        _progress.Advance(12, 15, 2000);
        Assert.Equal((3, 3000), (_progress.Lag, _progress.LagMs(5000)));
        _progress.Advance(15, 15, 0);
        Assert.Equal((0, 0), (_progress.Lag, _progress.LagMs(5000)));
    }

    [Fact]
    public void LagMs_NobodyLooksAtTheEnd_IsAsOldAsTheLastLook()
    {
        _progress.Verify(1000);
        Assert.Equal((0, 0), (_progress.Lag, _progress.LagMs(1000 + PartitionProgress.UnseenMaxMs)));
        Assert.Equal((0, 60_000), (_progress.Lag, _progress.LagMs(61_000)));
        _progress.Verify(60_500);
        Assert.Equal((0, 0), (_progress.Lag, _progress.LagMs(61_000)));
    }

    // A reader that has not heard of the brokers yet has no time of a look.
    [Fact]
    public void Verify_NobodyHasLooked_IsNoLookAtTheEpoch()
    {
        _progress.Verify(TestRecords.NowMs);
        _progress.Verify(0);
        Assert.Equal(0, _progress.LagMs(TestRecords.NowMs + PartitionProgress.UnseenMaxMs));
        Assert.Equal(4_000, _progress.LagMs(TestRecords.NowMs + 4_000));
        Assert.Equal(4_000, _progress.UnseenMs(TestRecords.NowMs + 4_000));
    }

    [Fact]
    public void SeeEnd_LessIsSeen_KnownEndStays()
    {
        _progress.SeeEnd(1000, 1000);
        _progress.SeeEnd(15, 1000);
        Assert.Equal((990, 4000), (_progress.Lag, _progress.LagMs(5000)));
        _progress.Advance(15, 15, 1000);
        Assert.Equal((985, 4000), (_progress.Lag, _progress.LagMs(5000)));
    }

    [Fact]
    public void SeeStalled_NobodyReads_AgeCountsFromTheFirstTime()
    {
        _progress.SeeStalled(10, 1000);
        Assert.Equal((0, 0), (_progress.Lag, _progress.LagMs(1000)));
        _progress.SeeStalled(11, 2000);
        _progress.SeeStalled(14, 3000);
        Assert.Equal((4, 7000), (_progress.Lag, _progress.LagMs(9000)));
    }

    [Fact]
    public void SeeStalled_EndWasLookedAtBefore_RecordsMayWaitSinceThatLook()
    {
        _progress.Verify(400);
        _progress.SeeStalled(20, 1000);
        _progress.Verify(1000);
        Assert.Equal(2600, _progress.LagMs(3000));
    }

    [Fact]
    public void SeeEnd_NobodyKnowsSinceWhen_WhatWaitsHasAnAge()
    {
        _progress.Verify(400);
        _progress.SeeEnd(20, 0);
        _progress.Verify(1000);
        Assert.Equal(2600, _progress.LagMs(3000));
    }

    [Fact]
    public void SeeStalled_AgeIsKnown_KeepsIt()
    {
        _progress.SeeEnd(12, 500);
        _progress.SeeStalled(20, 3000);
        Assert.Equal((10, 3500), (_progress.Lag, _progress.LagMs(4000)));
    }

    [Fact]
    public async Task WaitForAsync_OffsetIsAppliedLater_Completes()
    {
        await _progress.WaitForAsync(9, CancellationToken.None);
        Task waiting = _progress.WaitForAsync(11, CancellationToken.None).AsTask();
        _progress.Advance(11, 11, 0);
        Assert.False(waiting.IsCompleted);
        _progress.Advance(12, 12, 0);
        await waiting.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task WaitForAsync_Cancelled_Ends()
    {
        using var stop = new CancellationTokenSource();
        Task waiting = _progress.WaitForAsync(11, stop.Token).AsTask();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    [Fact]
    public void DeclareGap_ManyGaps_KeepsTheNewest()
    {
        for (int i = 0; i < 20; i++)
        {
            _progress.DeclareGap(new OffsetGap(i * 10, (i * 10) + 1));
        }

        Assert.Equal(CheckpointContent.GapsMax, _progress.Gaps.Length);
        Assert.Equal(new OffsetGap(190, 191), _progress.Gaps[^1]);
    }
}
