namespace ContextGrid.Orleans.Tests;

/// <summary>What is durable of a cluster's entities, byte by byte.</summary>
public sealed class StateTests
{
    [Fact]
    public async Task Commit_AfterEvents_EveryEntityHasTheBytesThatCoreAloneGives()
    {
        await using var cluster = new ClusterFixture();
        await cluster.PublishAsync(users: 300, events: 3_000);
        await using SiloHost first = await cluster.StartAsync(TimeSpan.FromMilliseconds(200));
        await using SiloHost second = await cluster.StartAsync(TimeSpan.FromMilliseconds(200));
        await cluster.RequireAsync(first);
        await cluster.RequireAsync(second);
        Assert.Equal(307, (await EntityStates.ByCoreAsync(cluster)).Count);
        await RequireStoredAsync(cluster, first, second);
    }

    [Fact]
    public async Task HandOver_OnJoinAndOnStop_EveryEntityHasTheBytesThatCoreAloneGives()
    {
        await using var cluster = new ClusterFixture();
        await cluster.PublishAsync(users: 300, events: 1_000);
        await using SiloHost first = await cluster.StartAsync(TimeSpan.FromMilliseconds(200));
        await cluster.RequireAsync(first);
        SiloHost second = await cluster.StartAsync(TimeSpan.FromMilliseconds(200));
        await ClusterFixture.BalanceAsync(first, second);
        await cluster.PublishAsync(users: 300, events: 1_000);
        await RequireStoredAsync(cluster, first, second);
        await second.DisposeAsync();
        await ClusterFixture.BalanceAsync(first);
        await RequireStoredAsync(cluster, first);
        await cluster.PublishAsync(users: 300, events: 1_000);
        await cluster.RequireAsync(first);
        await RequireStoredAsync(cluster, first);
    }

    // What is applied becomes durable with the next checkpoint.
    private static async Task RequireStoredAsync(ClusterFixture cluster, params SiloHost[] silos)
    {
        Dictionary<string, byte[]> expected = await EntityStates.ByCoreAsync(cluster);
        using var limit = new CancellationTokenSource(ClusterFixture.Limit);
        while (true)
        {
            Dictionary<string, byte[]> stored = await EntityStates.StoredAsync(cluster, expected.Keys, silos);
            if (expected.All(e => stored[e.Key].AsSpan().SequenceEqual(e.Value)))
            {
                return;
            }

            if (limit.IsCancellationRequested)
            {
                Assert.Equal(expected, stored);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(200));
        }
    }
}
