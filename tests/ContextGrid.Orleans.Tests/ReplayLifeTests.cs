using ContextGrid.Orleans.Replay;
using ContextGrid.Runtime.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;
using static ContextGrid.Orleans.Tests.ReplayChecks;

namespace ContextGrid.Orleans.Tests;

/// <summary>Replays that lose their silo, are cancelled, or are removed.</summary>
public sealed class ReplayLifeTests
{
    [Fact]
    public async Task Crash_OfTheSiloThatReplays_AnotherGoesOnWithoutTheBeginning()
    {
        await using var cluster = new ClusterFixture();
        await using SiloHost first = await cluster.StartAsync(replay: new ReplayOptions { CheckpointRecords = 1 });
        SiloHost second = await cluster.StartAsync(replay: new ReplayOptions { CheckpointRecords = 1 });
        await cluster.PublishAsync(users: 300, events: 2_000);
        await cluster.RequireAsync(first);
        Dictionary<string, byte[]> expected = await EntityStates.ByCoreAsync(cluster);
        cluster.Held.Hold(Partition(2));
        string id = await StartOnAsync(second);
        await RequireAsync(first, id, s => s.Partitions[1].Next == s.Partitions[1].End);
        await cluster.PublishAsync(users: 300, events: 500); // After the ends that were fixed.
        cluster.Held.TakeAway(Partition(0));
        cluster.Held.TakeAway(Partition(1));
        await second.CrashAsync();
        cluster.Held.Release(Partition(2));
        ReplayStatus status = await RequireAsync(first, id, s => s.Phase == ReplayPhase.Finished);
        Assert.Equal(SiloOf(first), status.Silo);
        Assert.Equal(2_000, status.Events);
        await RequireShadowAsync(expected, first, status.Request, _ => true);
    }

    [Fact]
    public async Task Cancel_InTheMiddle_EndsAndStaysEnded()
    {
        await using var cluster = new ClusterFixture();
        await using SiloHost silo = await cluster.StartAsync(replay: new ReplayOptions
        {
            CheckpointRecords = 1, RunningMax = 1,
        });
        await cluster.PublishAsync(users: 300, events: 2_000);
        await cluster.RequireAsync(silo);
        cluster.Held.Hold(Partition(2));
        await silo.Replays.StartAsync("a", All);
        await RequireAsync(silo, "a", s => s.Partitions[1].Next == s.Partitions[1].End);
        ReplayReply more = await silo.Replays.StartAsync("b", All with { Version = "3" });
        Assert.Equal(ReplayOutcome.TooMany, more.Outcome);
        Assert.Equal(ReplayOutcome.WrongPhase, (await silo.Replays.RemoveAsync("a")).Outcome);
        Assert.Equal(ReplayReply.Done, await silo.Replays.CancelAsync("a"));
        cluster.Held.Release(Partition(2));
        ReplayStatus status = Assert.Single(await silo.Replays.ListAsync());
        Assert.Equal(ReplayPhase.Cancelled, status.Phase);
        Assert.Equal(status.Partitions[0].End + status.Partitions[1].End, status.Events);
        Assert.Equal(0, status.Partitions[2].Next);
        Assert.Equal(ReplayReply.Done, await silo.Replays.CancelAsync("a"));
        Assert.Equal(ReplayOutcome.NotFound, (await silo.Replays.CancelAsync("c")).Outcome);
        Assert.Null(await silo.Replays.StatusAsync("c"));
        await RunAsync(silo, All with { Version = "3" });
    }

    [Fact]
    public async Task Cancel_TheLogIsAwayAndItHasNotBegun_EndsItAllTheSame()
    {
        await using var cluster = new ClusterFixture();
        await using SiloHost silo = await cluster.StartAsync();
        cluster.Held.TakeAway(Partition(3));
        await Assert.ThrowsAnyAsync<Exception>(() => silo.Replays.StartAsync("a", All).AsTask());
        ReplayStatus waiting = Assert.Single(await silo.Replays.ListAsync());
        Assert.Equal((ReplayPhase.Running, "It waits for the log, to begin."), (waiting.Phase, waiting.Fault));
        Assert.Equal(ReplayReply.Done, await silo.Replays.CancelAsync("a"));
        Assert.Equal(ReplayPhase.Cancelled, (await silo.Replays.StatusAsync("a"))!.Phase);
    }

    [Fact]
    public async Task Remove_AFinishedOne_ItsStatesAreGoneAndOthersStay()
    {
        await using var cluster = new ClusterFixture();
        await cluster.PublishAsync(users: 1_200, events: 2_000);
        await using SiloHost silo = await cluster.StartAsync(replay: new ReplayOptions { KeptMax = 1 });
        await cluster.RequireAsync(silo);
        ReplayRequest other = All with { Version = "3" };
        await RunAsync(silo, All, other); // More than is kept: the first one goes by itself.
        await RequireAsync(silo, async () => (await silo.Replays.ListAsync()).Count == 1);
        Assert.Null(await silo.Replays.StatusAsync("user-2"));
        string kind = ShadowStore.KindOf("user", "2");
        Dictionary<string, byte[]> expected = await EntityStates.ByCoreAsync(cluster);
        Assert.All((await EntityStates.ShadowsAsync(kind, expected.Keys, silo)).Values, s => Assert.Empty(s));
        await RequireShadowAsync(cluster, silo, other, _ => true);
        Assert.Equal(ReplayReply.Done, await silo.Replays.RemoveAsync("user-3"));
        await RequireAsync(silo, async () => (await silo.Replays.ListAsync()).Count == 0);
        await RunAsync(silo, other);
        await RequireShadowAsync(cluster, silo, other, _ => true);
        await cluster.RequireAsync(silo);
    }

    private static string SiloOf(SiloHost silo) =>
        silo.Services.GetRequiredService<ILocalSiloDetails>().SiloAddress.ToString();

    // Orleans chooses the silo: of some replays one is where it is wanted; the others are cancelled.
    private static async Task<string> StartOnAsync(SiloHost silo)
    {
        for (int i = 0; ; i++)
        {
            Assert.True(i < 50, "Orleans never chooses that silo.");
            Assert.Equal(ReplayReply.Done, await silo.Replays.StartAsync($"r{i}", All with { Version = $"r{i}" }));
            if ((await silo.Replays.StatusAsync($"r{i}"))!.Silo == SiloOf(silo))
            {
                return $"r{i}";
            }

            await silo.Replays.CancelAsync($"r{i}");
        }
    }
}
