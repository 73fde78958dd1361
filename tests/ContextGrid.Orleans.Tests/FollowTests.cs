using ContextGrid.Orleans.Entities;
using ContextGrid.Orleans.Following;
using ContextGrid.Runtime.Ingestion;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Core.Internal;

namespace ContextGrid.Orleans.Tests;

/// <summary>Following entities that are on any silo, with events that any silo reads.</summary>
public sealed class FollowTests
{
    private const int Users = 40;

    [Fact]
    public async Task Follow_EventsAndEntitiesOnTwoSilos_EveryFollowerIsMarkedByOneCallAChange()
    {
        await using var cluster = new ClusterFixture();
        await using SiloHost first = await cluster.StartAsync();
        await using SiloHost second = await cluster.StartAsync();
        await cluster.PublishAsync(Users, events: Users);
        await cluster.RequireAsync(first);
        Follower[] followers = [new(first, Users), new(second, Users), new(second, Users)];
        foreach (Follower follower in followers)
        {
            await follower.BeginAsync();
            follower.Take();
        }

        await cluster.PublishAsync(Users, events: Users);
        foreach (Follower follower in followers)
        {
            await follower.WaitForAllAsync();
        }

        // Two of them share what their silo is told.
        Assert.Equal((Users, Users), (Told(first), Told(second)));
    }

    [Fact]
    public async Task Unfollow_ByTheLastOfASilo_EntitiesTellOnceMoreAndThenNobody()
    {
        await using var cluster = new ClusterFixture();
        await using SiloHost first = await cluster.StartAsync();
        await using SiloHost second = await cluster.StartAsync();
        await cluster.PublishAsync(Users, events: Users);
        await cluster.RequireAsync(second);
        Follower[] followers = [new(second, Users), new(second, Users)];
        foreach (Follower follower in followers)
        {
            await follower.BeginAsync();
            follower.Take();
        }

        followers[0].End();
        await cluster.PublishAsync(Users, events: Users);
        await followers[1].WaitForAllAsync();
        Assert.Equal(Users, Told(second));

        followers[1].End();
        await cluster.PublishAsync(Users, events: Users);
        await WaitAsync(() => Told(second) == 2 * Users);
        followers[1].Take();
        await cluster.PublishAsync(Users, events: Users);
        await cluster.RequireAsync(second);
        Assert.Equal((0, 2 * Users), (Told(first), Told(second)));
        Assert.Empty(followers[1].Take());
    }

    [Fact]
    public async Task MarkedUpTo_NothingHappens_ReachesThePresentPositions()
    {
        await using var cluster = new ClusterFixture();
        await using SiloHost silo = await cluster.StartAsync();
        var follower = new Follower(silo, Users);
        await follower.BeginAsync();
        await cluster.PublishAsync(Users, events: Users);
        await cluster.RequireAsync(silo);
        await WaitAsync(() => silo.Grid.MarkedUpTo(silo.Progress).Matches(SourceVector.Of(silo.Progress)));
        Assert.Equal(Users, follower.Take().Count);
    }

    // What is applied before the next round, which is a second after the last one, only that round can find.
    [Fact]
    public async Task Follow_EntitiesBeginAnewAndKnowNobody_FollowersAreMarkedAllTheSame()
    {
        await using var cluster = new ClusterFixture();
        await using SiloHost first = await cluster.StartAsync();
        await using SiloHost second = await cluster.StartAsync();
        await cluster.PublishAsync(Users, events: Users);
        await cluster.RequireAsync(second);
        var follower = new Follower(second, Users);
        await follower.BeginAsync();
        var grains = second.Services.GetRequiredService<IGrainFactory>();
        for (int i = 0; i < Users; i++)
        {
            IEntityGrain entity = grains.EntityOf([.. "user/"u8, .. Follower.KeyOf(i)]);
            await entity.AsReference<IGrainManagementExtension>().DeactivateOnIdle();
        }

        await cluster.PublishAsync(Users, events: Users);
        await cluster.RequireAsync(second);
        follower.Take();
        await follower.WaitForAllAsync();
    }

    // As a watch does it: what the positions claim must have been shown, whatever is lost meanwhile, or else be still
    // rebuilding, when a watch claims nothing.
    [Fact]
    public async Task MarkedUpTo_WhileASiloCrashes_NothingIsClaimedThatWasNotMarked()
    {
        await using var cluster = new ClusterFixture();
        await using SiloHost first = await cluster.StartAsync();
        SiloHost second = await cluster.StartAsync();
        await using SiloHost third = await cluster.StartAsync();
        await cluster.PublishAsync(Users, events: Users);
        await cluster.RequireAsync(first);
        var shown = new ShownUsers(first, Users);
        await shown.BeginAsync();
        var published = new List<RecordPosition>();
        using var limit = new CancellationTokenSource(ClusterFixture.Limit);
        for (int round = 0; !await shown.LookAsync(published) || round < 40; round++)
        {
            if (round == 10)
            {
                await second.CrashAsync();
            }

            if (round < 40)
            {
                published.AddRange(await cluster.PublishAsync(Users, events: Users));
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), limit.Token);
        }
    }

    private static long Told(SiloHost silo) => silo.Services.GetRequiredService<ClusterFollowers>().Told;

    private static async Task WaitAsync(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(ClusterFixture.Limit);
        while (!condition())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), limit.Token);
        }
    }
}
