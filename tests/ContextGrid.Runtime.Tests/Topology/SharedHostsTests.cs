namespace ContextGrid.Runtime.Tests.Topology;

/// <summary>Several hosts that share the shards of one store.</summary>
public sealed class SharedHostsTests
{
    private const int Users = 200;

    [Fact]
    public async Task Start_Alone_HasAllShardsAndCounts()
    {
        await using var hosts = new SharedHosts();
        await hosts.StartAsync("a");
        await hosts.BalancedAsync();
        await hosts.PublishAsync("a", Users, 3);
        Assert.All(await hosts.CountAsync("a", Users), c => Assert.Equal(3, c));
    }

    [Fact]
    public async Task Join_UnderEvents_ShardsMoveAndEveryAnswerIsWhole()
    {
        await using var hosts = new SharedHosts();
        await hosts.StartAsync("a");
        await hosts.BalancedAsync();
        await hosts.PublishAsync("a", Users, 2);
        await hosts.StartAsync("b");
        await hosts.PublishAsync("b", Users, 2);
        await hosts.BalancedAsync();
        await hosts.PublishAsync("a", Users, 1);
        Assert.All(await hosts.CountAsync("a", Users), c => Assert.Equal(5, c));
        Assert.All(await hosts.CountAsync("b", Users), c => Assert.Equal(5, c));
        Assert.Equal(128, hosts["a"].Grid.Positions.Open.Count);
    }

    [Fact]
    public async Task Stop_InOrder_ShardsAreHandedOver()
    {
        await using var hosts = new SharedHosts();
        await hosts.StartAsync("a");
        await hosts.StartAsync("b");
        await hosts.BalancedAsync();
        await hosts.PublishAsync("a", Users, 2);
        await hosts.StopAsync("a");
        await hosts.BalancedAsync();
        await hosts.PublishAsync("b", Users, 1);
        Assert.All(await hosts.CountAsync("b", Users), c => Assert.Equal(3, c));
    }

    [Fact]
    public async Task Declare_OwnerThatGoesOn_IsFencedAndNothingIsLost()
    {
        await using var hosts = new SharedHosts();
        await hosts.StartAsync("a");
        await hosts.StartAsync("b");
        await hosts.StartAsync("c");
        await hosts.BalancedAsync();
        await hosts.PublishAsync("a", Users, 2);
        hosts.Declare("b");
        await hosts.PublishAsync("a", Users, 2);
        await hosts.BalancedAsync();
        Assert.All(await hosts.CountAsync("a", Users), c => Assert.Equal(4, c));
        Assert.All(await hosts.CountAsync("c", Users), c => Assert.Equal(4, c));

        // It is fenced, or has seen itself that it is no member and has given its shards away.
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!hosts["b"].Failed.IsFaulted && !hosts["b"].Grid.Positions.Open.IsEmpty)
        {
            await Task.Delay(10, limit.Token);
        }
    }

    [Fact]
    public async Task Cut_OneDirection_ShardsCatchUpByThemselves()
    {
        await using var hosts = new SharedHosts();
        await hosts.StartAsync("a");
        await hosts.StartAsync("b");
        await hosts.BalancedAsync();
        await hosts.PublishAsync("a", Users, 1);
        hosts.IsCut = (from, to) => to == "b";
        await hosts.PublishAsync("a", Users, 3);
        hosts.IsCut = (_, _) => false;
        await hosts.PublishAsync("a", Users, 1);
        Assert.All(await hosts.CountAsync("a", Users), c => Assert.Equal(5, c));
        Assert.All(await hosts.CountAsync("b", Users), c => Assert.Equal(5, c));
    }
}
