using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Diagnostics;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Tests.Ingestion;
using ContextGrid.TestKit.Checkpoints;

namespace ContextGrid.Runtime.Tests.Embedded;

/// <summary>Events wait while memory is full of state that no checkpoint has, and go on after one.</summary>
public sealed class MemoryWaitTests
{
    private const int Users = 200;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly FaultySnapshotStore _store = new();

    [Fact]
    public async Task Apply_MemoryIsFullOfChangedEntities_WaitsForACheckpointAndGoesOn()
    {
        await using MemoryGrid grid = await OpenAsync();
        long wanted = grid.Grid.Memory.CheckpointWanted.Version;
        Task applying = grid.ApplyAsync(0, 0, Events());
        Assert.False(applying.IsCompleted);
        EntityMetrics metrics = grid.Metrics.Entities;
        Assert.Equal((1, 0, 0), (metrics.Waits, metrics.Passivated, metrics.Activated));
        Assert.True(grid.Grid.Memory.IsFull);
        Assert.NotEqual(wanted, grid.Grid.Memory.CheckpointWanted.Version);

        await grid.CheckpointUntilAsync(applying).WaitAsync(Limit);
        Assert.True(metrics.Passivated > 0);
        Assert.False(grid.Grid.Memory.IsFull);
        await CheckAllAsync(grid);
        Assert.True(metrics.Activated > 0);
        Assert.InRange(metrics.Lookups, metrics.Activated, 2 * (Users + 10));
    }

    [Fact]
    public async Task Apply_StoreIsAway_WaitsOnAndLosesNothing()
    {
        await using MemoryGrid grid = await OpenAsync();
        Task applying = grid.ApplyAsync(0, 0, Events());
        for (int i = 0; i < 3; i++)
        {
            long resident = grid.Grid.CountResident(0) + grid.Grid.CountResident(1);
            (_store.Fault, _store.FaultAt) = (SnapshotFault.Away, _store.Calls + 1);
            await Assert.ThrowsAsync<SnapshotStoreException>(grid.CheckpointAsync);
            Assert.False(applying.IsCompleted);
            Assert.Equal(0, grid.Metrics.Entities.Passivated);
            Assert.Equal(resident, grid.Grid.CountResident(0) + grid.Grid.CountResident(1));
        }

        await grid.CheckpointUntilAsync(applying).WaitAsync(Limit);
        await CheckAllAsync(grid);
    }

    [Fact]
    public async Task Apply_CancelledWhileItWaits_EndsAndAppliesTheRestAfter()
    {
        await using MemoryGrid grid = await OpenAsync();
        using var cancel = new CancellationTokenSource();
        Task applying = grid.ApplyAsync(0, 0, Events(), cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => applying.WaitAsync(Limit));
        await grid.CheckpointUntilAsync(grid.ApplyAsync(0, 0, Events())).WaitAsync(Limit);
        await CheckAllAsync(grid);
    }

    [Fact]
    public async Task Read_OfStoredEntities_KeepsMemoryWithinTheBudget()
    {
        await using MemoryGrid grid = await OpenAsync();
        await grid.CheckpointUntilAsync(grid.ApplyAsync(0, 0, Events())).WaitAsync(Limit);
        await grid.CheckpointAsync();
        for (int round = 0; round < 5; round++)
        {
            await CheckAllAsync(grid);
            Assert.False(grid.Grid.Memory.IsFull);
        }

        Assert.InRange(grid.Grid.CountResident(0) + grid.Grid.CountResident(1), 1, Users / 2);
        Assert.Equal(Users + 1, grid.Grid.CountEntities(0) + grid.Grid.CountEntities(1));
    }

    /// <summary>A watch looks at thousands of entities in one call.</summary>
    [Fact]
    public async Task FindChanged_OfStoredEntities_KeepsMemoryWithinTheBudget()
    {
        await using MemoryGrid grid = await OpenAsync();
        await grid.CheckpointUntilAsync(grid.ApplyAsync(0, 0, Events())).WaitAsync(Limit);
        await grid.CheckpointAsync();
        int user = grid.Grid.Plans[0].Definition.Name == "user" ? 0 : 1;
        string[] keys = [.. Enumerable.Range(0, Users).Select(i => $"user{i}")];
        for (int round = 0; round < 5; round++)
        {
            Assert.Equal(Users, (await grid.FindChangedAsync(user, keys, SourceVector.Start)).Count);
            Assert.False(grid.Grid.Memory.IsFull);
        }
    }

    private static string[] Events() =>
    [
        .. Enumerable.Range(0, Users)
            .Select(i => MemoryGrid.Payment(TestRecords.NowMs + i, $"user{i}", "shop", $"{i}")),
    ];

    private static async Task CheckAllAsync(MemoryGrid grid)
    {
        int user = grid.Grid.Plans[0].Definition.Name == "user" ? 0 : 1;
        List<string> answers = await grid.ReadAsync(
            user, Enumerable.Range(0, Users).Select(i => $"user{i}"), TestRecords.NowMs + Users);
        Assert.All(answers, (a, i) => Assert.Contains($"0@{i} | 1 Present", a, StringComparison.Ordinal));
        Assert.All(answers, (a, i) => Assert.Contains($"| {i} Present", a, StringComparison.Ordinal));
        List<string> shop = await grid.ReadAsync(1 - user, ["shop"], TestRecords.NowMs + Users);
        Assert.Contains($"| {Users} Present", shop[0], StringComparison.Ordinal);
    }

    private Task<MemoryGrid> OpenAsync() =>
        MemoryGrid.OpenAsync(_store, new CheckpointOptions { MergeInPublish = true }, 60_000);
}
