using ContextGrid.Server.Limits;

namespace ContextGrid.Server.Tests.Limits;

public sealed class TurnsTests
{
    private readonly Turns _turns = new(1);

    [Fact]
    public async Task RunAsync_WhoWaitsForTheDisk_HoldsNoTurn()
    {
        var disk = new TaskCompletionSource<int>();
        Task<int> first = _turns.RunAsync(() => new ValueTask<int>(disk.Task), CancellationToken.None).AsTask();

        int second = await _turns.RunAsync(() => ValueTask.FromResult(2), CancellationToken.None);

        Assert.Equal(2, second);
        Assert.False(first.IsCompleted);
        disk.SetResult(1);
        Assert.Equal(1, await first);
    }

    [Fact]
    public async Task RunAsync_WhileAnotherWorks_WaitsWithoutAThread()
    {
        using var entered = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        Task<int> working = Task.Run(() => _turns.RunAsync(
            () =>
            {
                entered.Set();
                goOn.Wait();
                return ValueTask.FromResult(1);
            },
            CancellationToken.None).AsTask());
        entered.Wait();

        bool begun = false;
        Task<int> waiting = _turns.RunAsync(
            () =>
            {
                begun = true;
                return ValueTask.FromResult(2);
            },
            CancellationToken.None).AsTask();

        Assert.False(begun);
        goOn.Set();
        Assert.Equal(1, await working);
        Assert.Equal(2, await waiting);
    }

    [Fact]
    public async Task RunAsync_FailedOrGivenUp_LeavesTheTurnToOthers()
    {
        await Assert.ThrowsAsync<InvalidOperationException>(() => _turns.RunAsync<int>(
            () => throw new InvalidOperationException(), CancellationToken.None).AsTask());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _turns.RunAsync(
            () => ValueTask.FromResult(1), new CancellationToken(canceled: true)).AsTask());

        Assert.Equal(3, await _turns.RunAsync(() => ValueTask.FromResult(3), CancellationToken.None));
    }
}
