using ContextGrid.Core.Queries;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;
using ContextGrid.Runtime.Tests.Ingestion;
using ContextGrid.TestKit.Checkpoints;

namespace ContextGrid.Runtime.Tests.Embedded;

/// <summary>
/// With a budget and checkpoints, resident entities cost no allocation, also those that have come back.
/// </summary>
public sealed class MemoryAllocationTests
{
    private const int Users = 32;
    private const int RoundEvents = 128;
    private const int RoundsToWarmUp = 60;
    private const int RoundsMax = 160;

    [Fact]
    public async Task ReadAndApply_EntitiesThatCameBack_AllocateNothing()
    {
        var store = new FaultySnapshotStore();
        await using (MemoryGrid first = await MemoryGrid.OpenAsync(store, new CheckpointOptions(), 100_000_000))
        {
            await ApplyAsync(first, Round(0));
            first.Progress[0].Advance(RoundEvents, RoundEvents, 0);
            await first.CheckpointAsync();
        }

        await using MemoryGrid grid = await MemoryGrid.OpenAsync(store, new CheckpointOptions(), 100_000_000);
        string[] users = [.. Enumerable.Range(0, Users).Select(i => $"user{i}")];
        int plan = grid.Grid.Plans[0].Definition.Name == "user" ? 0 : 1;
        ContextQuery resident = grid.Query(plan, users), nowhere = grid.Query(plan, ["nobody", "nobody else"]);
        var answer = new ContextAnswer();
        await grid.Grid.ReadAsync(resident, answer, CancellationToken.None);
        Assert.Equal(Users, grid.Metrics.Entities.Activated);

        LogBatch[] rounds = [.. Enumerable.Range(1, RoundsMax).Select(Round)];
        var cursor = new EventBatch(MemoryGrid.Definitions, 0, MemoryGrid.PartitionOf(0));
        Assert.Equal(0, LeastOfARound(i =>
        {
            cursor.Load(rounds[i]);
            Assert.True(grid.Grid.ApplyAsync(cursor, CancellationToken.None).IsCompletedSuccessfully);
            Assert.True(CompleteAsync(grid, cursor).IsCompletedSuccessfully);
        }));
        Assert.Equal(0, LeastOfARound(_ => Read(grid, resident, answer)));
        Assert.Equal(0, LeastOfARound(_ => Read(grid, nowhere, answer)));
    }

    private static void Read(MemoryGrid grid, ContextQuery query, ContextAnswer answer)
    {
        query.Head = QueryHead.Newest;
        Assert.True(grid.Grid.ReadAsync(query, answer, CancellationToken.None).IsCompletedSuccessfully);
    }

    /// <summary>
    /// Buffers grow ever more rarely, so most rounds need nothing; what allocates for each call shows in each.
    /// </summary>
    private static long LeastOfARound(Action<int> measured)
    {
        long least = long.MaxValue;
        for (int i = 0; i < RoundsMax; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            measured(i);
            long bytes = GC.GetAllocatedBytesForCurrentThread() - before;
            least = i < RoundsToWarmUp ? least : Math.Min(least, bytes);
        }

        return least;
    }

    private static async ValueTask ApplyAsync(MemoryGrid grid, LogBatch batch)
    {
        var cursor = new EventBatch(MemoryGrid.Definitions, 0, MemoryGrid.PartitionOf(0));
        cursor.Load(batch);
        await grid.Grid.ApplyAsync(cursor, CancellationToken.None);
        await CompleteAsync(grid, cursor);
    }

    private static ValueTask CompleteAsync(MemoryGrid grid, EventBatch cursor) => grid.Grid.CompleteAsync(
        cursor.Partition, new Delivered(cursor.From, cursor.To, cursor.To, 0, 0, null), CancellationToken.None);

    private static LogBatch Round(int round)
    {
        long timeMs = TestRecords.NowMs + (round * 60_000L);
        return TestRecords.Batch(
            round * RoundEvents,
            timeMs,
            Enumerable.Range(0, RoundEvents).Select(
                i => MemoryGrid.Payment(timeMs + (i * 100), $"user{i % Users}", $"shop{i % 5}", $"{i}")));
    }
}
