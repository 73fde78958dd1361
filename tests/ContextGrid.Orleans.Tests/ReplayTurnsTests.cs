using ContextGrid.Orleans.Replay;

namespace ContextGrid.Orleans.Tests;

/// <summary>The budget of replays.</summary>
public sealed class ReplayTurnsTests
{
    [Fact]
    public async Task Take_TwoAtATime_TheSecondWaits()
    {
        var turns = new ReplayTurns(new ReplayOptions(), TimeProvider.System);
        var first = new TaskCompletionSource<int>();
        Task<int> one = turns.TakeAsync(() => new(first.Task), CancellationToken.None).AsTask();
        bool began = false;
        Task<int> two = turns.TakeAsync(
            () =>
            {
                began = true;
                return new(0);
            },
            CancellationToken.None).AsTask();
        Assert.False(began);
        first.SetResult(5);
        await two;
        Assert.True(began);
        Assert.Equal(5, await one);
    }

    [Fact]
    public async Task Take_WithALimitOfRecords_WaitsAsLongAsTheyAreWorth()
    {
        var time = new StillTime();
        var turns = new ReplayTurns(new ReplayOptions { RecordsPerSecondMax = 1_000 }, time);
        await turns.TakeAsync(() => new(0), CancellationToken.None);
        await turns.TakeAsync(() => new(1_500), CancellationToken.None);
        await turns.TakeAsync(() => new(500), CancellationToken.None);
        Assert.Equal([TimeSpan.FromSeconds(1.5), TimeSpan.FromSeconds(2)], time.Waits);
    }

    [Fact]
    public async Task Take_WorkFails_TheTurnIsGivenBack()
    {
        var turns = new ReplayTurns(new ReplayOptions(), TimeProvider.System);
        await Assert.ThrowsAsync<IOException>(
            () => turns.TakeAsync(() => throw new IOException(), CancellationToken.None).AsTask());
        Assert.Equal(3, await turns.TakeAsync(() => new(3), CancellationToken.None));
    }

    /// <summary>A clock that stands; whoever waits is told at once.</summary>
    private sealed class StillTime : TimeProvider
    {
        internal List<TimeSpan> Waits { get; } = [];

        public override long GetTimestamp() => 1_000;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Waits.Add(dueTime);
            return System.CreateTimer(callback, state, TimeSpan.Zero, period);
        }
    }
}
