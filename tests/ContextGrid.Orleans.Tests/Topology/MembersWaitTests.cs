using ContextGrid.TestKit.Parts;

namespace ContextGrid.Orleans.Tests.Topology;

/// <summary>A silo that starts while nobody keeps the list of members.</summary>
public sealed class MembersWaitTests
{
    [Fact]
    public async Task Start_RedisIsAway_WaitsUntilItIsThere()
    {
        await using RedisProcess redis = await RedisProcess.StartAsync();
        await redis.StopAsync();
        await using var cluster = new ClusterFixture();
        var lines = new WarningLines();
        Task<SiloHost> start = cluster.StartAsync(
            change: o => o with { Membership = null, Redis = redis.Address }, logs: lines);
        string line = await lines.FirstAsync(l => l.StartsWith("Waiting for", StringComparison.Ordinal));
        Assert.Equal(
            $"Waiting for Redis at {redis.Address}, which keeps the list of members: no connection.", line);
        Assert.False(start.IsCompleted);
        await redis.StartAgainAsync();
        await using SiloHost silo = await start;
        await cluster.PublishAsync(users: 20, events: 100);
        await cluster.RequireAsync(silo);
    }

    [Fact]
    public async Task Start_CancelledWhileItWaits_Ends()
    {
        await using var cluster = new ClusterFixture();
        var lines = new WarningLines();
        using var stop = new CancellationTokenSource();
        Task<SiloHost> start = cluster.StartAsync(
            change: o => o with { Membership = null, Redis = "127.0.0.1:1,password=secret" }, logs: lines,
            cancellationToken: stop.Token);
        Assert.DoesNotContain("secret", await lines.FirstAsync(_ => true), StringComparison.Ordinal);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => start);
    }
}
