using ContextGrid.Runtime.Shards;

namespace ContextGrid.Orleans.Tests;

/// <summary>Silos with more entities than their budget has room for.</summary>
public sealed class SiloMemoryTests
{
    private const int Users = 3_000;
    private const long BudgetBytes = 400_000; // Of a third of them on each of two silos.

    [Fact]
    public async Task MemoryMax_MoreEntitiesThanItHolds_RestInTheStoreAndMoveWithTheirShards()
    {
        await using var cluster = new ClusterFixture();
        await using SiloHost first = await StartAsync(cluster);
        await cluster.PublishAsync(Users, events: 2 * Users);
        await cluster.RequireAsync(first);
        await cluster.PublishAsync(Users, events: Users);
        await cluster.RequireAsync(first);
        RequireBudget(first);

        await using SiloHost second = await StartAsync(cluster);
        await ClusterFixture.BalanceAsync(first, second);
        await cluster.PublishAsync(Users, events: Users);
        await cluster.RequireAsync(second);
        RequireBudget(first);
        RequireBudget(second);
        Assert.Equal(Users, first.Shards.Grid.CountEntities(1) + second.Shards.Grid.CountEntities(1));
    }

    private static Task<SiloHost> StartAsync(ClusterFixture cluster) => cluster.StartAsync(
        change: o => o with { Host = o.Host with { MemoryMaxBytes = BudgetBytes } });

    // What a batch changes may stand above the budget until the next checkpoint.
    private static void RequireBudget(SiloHost silo)
    {
        ShardEngine engine = silo.Shards.Grid;
        Assert.Equal(BudgetBytes, engine.ResidentBytesMax);
        Assert.InRange(engine.ResidentBytes + engine.LookupBytes, 1, 2 * BudgetBytes);
        Assert.True(engine.CountResident(1) < engine.CountEntities(1), "All entities are in memory.");
    }
}
