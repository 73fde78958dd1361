using ContextGrid.Core.Queries;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Queries;
using ContextGrid.Runtime.Tests.Ingestion;
using ContextGrid.TestKit.Checkpoints;

namespace ContextGrid.Runtime.Tests.Embedded;

/// <summary>Writers, readers and checkpoints at the same time; entities leave and come back all along.</summary>
public sealed class MemoryConcurrencyTests
{
    private const int Users = 400;
    private const int Batches = 30;
    private const int BatchEvents = 50;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    private static readonly CheckpointOptions Small = new() { SegmentBytesMax = 64 << 10, SmallSegmentsMax = 3 };

    [Theory]
    [InlineData(1, 40_000)]
    [InlineData(2, 200_000)]
    public async Task ApplyAndRead_AtTheSameTimeWithEvictions_LoseNoUpdate(int seed, long bytesMax)
    {
        var store = new FaultySnapshotStore();
        await using MemoryGrid grid = await MemoryGrid.OpenAsync(store, Small, bytesMax);
        var truth = new long[MemoryGrid.Partitions][];
        Task writers = Task.WhenAll(Enumerable.Range(0, MemoryGrid.Partitions).Select(p => Task.Run(
            async () => truth[p] = await WriteAsync(grid, p, new Random(seed + p)))));
        Task[] readers = [.. Enumerable.Range(0, 2).Select(r => Task.Run(
            () => ReadAsync(grid, new Random(seed + 100 + r), writers)))];
        await Task.Run(() => grid.CheckpointUntilAsync(writers)).WaitAsync(Limit);
        await Task.WhenAll(readers).WaitAsync(Limit);

        long[] expected = [.. Enumerable.Range(0, Users).Select(u => truth.Sum(t => t[u]))];
        Assert.Equal(expected, await CountsAsync(grid, Enumerable.Range(0, Users)));
        Assert.Equal(expected.Count(n => n > 0), grid.Grid.CountEntities(UserPlan(grid)));
        Assert.True(grid.Metrics.Entities.Passivated > Users, $"{grid.Metrics.Entities.Passivated} left memory");
        Assert.True(grid.Metrics.Entities.Activated > Users, $"{grid.Metrics.Entities.Activated} came back");

        await grid.CheckpointAsync();
        await using MemoryGrid next = await MemoryGrid.OpenAsync(store, Small, bytesMax);
        Assert.Equal(expected, await CountsAsync(next, Enumerable.Range(0, Users)));
    }

    private static int UserPlan(MemoryGrid grid) =>
        grid.Grid.Plans.Select(p => p.Definition.Name).ToList().IndexOf("user");

    private static async Task<long[]> WriteAsync(MemoryGrid grid, int partition, Random random)
    {
        var counts = new long[Users];
        for (int b = 0; b < Batches; b++)
        {
            var events = new string[BatchEvents];
            for (int i = 0; i < events.Length; i++)
            {
                int user = random.Next(random.Next(4) == 0 ? 10 : Users);
                counts[user]++;
                events[i] = MemoryGrid.Payment(TestRecords.NowMs + b, $"user{user}", $"shop{user % 7}", "1");
            }

            await grid.ApplyAsync(partition, b * BatchEvents, events);
        }

        return counts;
    }

    /// <summary>What a reader has seen never goes back.</summary>
    private static async Task ReadAsync(MemoryGrid grid, Random random, Task writers)
    {
        var seen = new long[Users];
        while (!writers.IsCompleted)
        {
            int[] users = [.. Enumerable.Range(random.Next(Users - 30), random.Next(1, 30))];
            long[] counts = await CountsAsync(grid, users);
            for (int i = 0; i < users.Length; i++)
            {
                Assert.True(counts[i] >= seen[users[i]], $"user{users[i]}: {counts[i]} after {seen[users[i]]}");
                seen[users[i]] = counts[i];
            }
        }
    }

    private static async Task<long[]> CountsAsync(MemoryGrid grid, IEnumerable<int> users)
    {
        ContextQuery query = grid.Query(UserPlan(grid), users.Select(u => $"user{u}"));
        query.Head = QueryHead.Newest;
        var answer = new ContextAnswer();
        await grid.Grid.ReadAsync(query, answer, CancellationToken.None);
        int n = grid.Grid.Plans[UserPlan(grid)].FeatureOf("n");
        return [.. Enumerable.Range(0, query.Count).Select(i => answer.Values(i)[n].Int64)];
    }
}
