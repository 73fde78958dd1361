using ContextGrid.TestKit.Parts;

namespace ContextGrid.Orleans.Tests;

/// <summary>Silos meet through what knows the members: Redis, and Azure Table storage on Azurite.</summary>
public sealed class MembershipTests
{
    [Fact]
    public async Task Redis_OneOfTwoSilosLeaves_TheOtherHasItsPartitionsAndEntities()
    {
        await using RedisProcess redis = await RedisProcess.StartAsync();
        await LeaveAsync(o => o with { Membership = null, Redis = redis.Address });
    }

    [Fact]
    public async Task Tables_OneOfTwoSilosLeaves_TheOtherHasItsPartitionsAndEntities()
    {
        await using AzuriteProcess azurite = await AzuriteProcess.StartTablesAsync();
        await LeaveAsync(o => o with { Membership = null, Tables = azurite.ConnectionString });
    }

    [Fact]
    public async Task Redis_StopsAndComesBack_SilosGoOnAndMeetOthers()
    {
        await using RedisProcess redis = await RedisProcess.StartAsync();
        await using var cluster = new ClusterFixture();
        await using SiloHost first = await StartAsync();
        await using SiloHost second = await StartAsync();
        await RequireMembersAsync(2, first, second);
        await redis.StopAsync();
        await cluster.PublishAsync(users: 200, events: 1_000);
        await cluster.RequireAsync(first);
        await cluster.RequireAsync(second);
        await redis.StartAgainAsync();
        await using SiloHost third = await StartAsync();
        await RequireMembersAsync(3, first, second, third);
        await cluster.PublishAsync(users: 200, events: 1_000);
        await cluster.RequireAsync(first);
        await cluster.RequireAsync(third);

        Task<SiloHost> StartAsync() =>
            cluster.StartAsync(change: o => o with { Membership = null, Redis = redis.Address });
    }

    private static async Task LeaveAsync(Func<SiloOptions, SiloOptions> change)
    {
        await using var cluster = new ClusterFixture();
        await using SiloHost first = await cluster.StartAsync(change: change);
        SiloHost second = await cluster.StartAsync(change: change);
        await RequireMembersAsync(2, first, second);
        await cluster.PublishAsync(users: 200, events: 1_000);
        await cluster.RequireAsync(first);
        await cluster.RequireAsync(second);
        await second.DisposeAsync();
        await RequireMembersAsync(1, first);
        await cluster.PublishAsync(users: 200, events: 1_000);
        await cluster.RequireAsync(first);
    }

    private static async Task RequireMembersAsync(int count, params SiloHost[] silos)
    {
        using var limit = new CancellationTokenSource(ClusterFixture.Limit);
        foreach (SiloHost silo in silos)
        {
            while (ClusterFixture.ActiveOf(silo).Count != count)
            {
                Assert.False(
                    limit.IsCancellationRequested,
                    $"{ClusterFixture.ActiveOf(silo).Count} silos have met, not {count}.");
                await Task.Delay(TimeSpan.FromMilliseconds(100));
            }
        }
    }
}
