using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Orleans.Tests;

/// <summary>Following entities that are on any silo, with events that any silo reads.</summary>
public sealed class FollowTests
{
    private const int Users = 40;

    [Fact]
    public async Task Follow_EventsAndEntitiesOnTwoSilos_EveryFollowerIsMarked()
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
    }

    [Fact]
    public async Task Unfollow_OneOfTwoOfASilo_TheOtherIsMarkedAndItNoMore()
    {
        await using var cluster = new ClusterFixture();
        await using SiloHost first = await cluster.StartAsync();
        await using SiloHost second = await cluster.StartAsync();
        await ClusterFixture.BalanceAsync(first, second);
        await cluster.PublishAsync(Users, events: Users);
        await cluster.RequireAsync(second);
        Follower[] followers = [new(second, Users), new(second, Users)];
        foreach (Follower follower in followers)
        {
            await follower.BeginAsync();
        }

        await cluster.PublishAsync(Users, events: Users);
        foreach (Follower follower in followers)
        {
            await follower.WaitForAllAsync();
        }

        followers[0].End();
        followers[0].Take();
        await cluster.PublishAsync(Users, events: Users);
        await followers[1].WaitForAllAsync();
        Assert.Empty(followers[0].Take());
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

    [Fact]
    public async Task MarkedUpTo_EntitiesOnTwoSilos_ReachesThePresentPositions()
    {
        await using var cluster = new ClusterFixture();
        await using SiloHost first = await cluster.StartAsync();
        await using SiloHost second = await cluster.StartAsync();
        await ClusterFixture.BalanceAsync(first, second);
        var follower = new Follower(second, Users);
        await follower.BeginAsync();
        await cluster.PublishAsync(Users, events: Users);
        await cluster.RequireAsync(second);
        await WaitAsync(() => second.Grid.MarkedUpTo(second.Progress).Matches(SourceVector.Of(second.Progress)));
        Assert.Equal(Users, follower.Take().Count);
    }

    [Fact]
    public async Task Follow_EntitiesThatMove_FollowersAreMarkedAllTheSame()
    {
        await using var cluster = new ClusterFixture();
        await using SiloHost first = await cluster.StartAsync();
        await cluster.PublishAsync(Users, events: Users);
        await cluster.RequireAsync(first);
        var follower = new Follower(first, Users);
        await follower.BeginAsync();
        SiloHost second = await cluster.StartAsync();
        await ClusterFixture.BalanceAsync(first, second);
        follower.Take();
        await cluster.PublishAsync(Users, events: Users);
        await follower.WaitForAllAsync();
        await second.DisposeAsync();
        await ClusterFixture.BalanceAsync(first);
        follower.Take();
        await cluster.PublishAsync(Users, events: Users);
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

    private static async Task WaitAsync(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(ClusterFixture.Limit);
        while (!condition())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), limit.Token);
        }
    }
}
