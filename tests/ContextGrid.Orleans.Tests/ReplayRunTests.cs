using System.Text;
using ContextGrid.Orleans.Replay;
using ContextGrid.Runtime.Hosting;
using ContextGrid.Runtime.Ingestion;
using Microsoft.Extensions.DependencyInjection;

namespace ContextGrid.Orleans.Tests;

/// <summary>The work of a replay that is cut off or done twice.</summary>
public sealed class ReplayRunTests
{
    private static readonly ReplayRequest Request = new("user", "2");

    [Fact]
    public async Task Advance_TheStatesWereDurableAndThePositionWasNot_NothingCountsTwice()
    {
        await using var cluster = new ClusterFixture(log => log with { ReadRecordsMax = 100 });
        await cluster.PublishAsync(users: 30, events: 2_000);
        await using SiloHost silo = await cluster.StartAsync(replay: new ReplayOptions { CheckpointRecords = 300 });
        ReplayParts parts = silo.Services.GetRequiredService<ReplayParts>();
        ReplayState state = await ReplayRun.BeginAsync(parts, Request);
        for (int i = 0; state.Phase == ReplayPhase.Running; i++)
        {
            // Every other time what has become durable is not written down.
            await using var run = new ReplayRun(parts, state);
            ReplayState next = await run.AdvanceAsync(CancellationToken.None);
            state = i % 2 == 0 ? state : next;
        }

        Assert.Equal(2_000, state.Events);
        await RequireShadowAsync(cluster, silo);
    }

    [Fact]
    public async Task Advance_BesideAnotherRun_IsRefusedAndNothingIsOverwritten()
    {
        await using var cluster = new ClusterFixture(log => log with { ReadRecordsMax = 100 });
        await cluster.PublishAsync(users: 30, events: 2_000);
        await using SiloHost silo = await cluster.StartAsync(replay: new ReplayOptions { CheckpointRecords = 300 });
        ReplayParts parts = silo.Services.GetRequiredService<ReplayParts>();
        ReplayState begun = await ReplayRun.BeginAsync(parts, Request);
        await using var paused = new ReplayRun(parts, begun);
        await paused.AdvanceAsync(CancellationToken.None);
        await using var other = new ReplayRun(parts, begun);
        while ((await other.AdvanceAsync(CancellationToken.None)).Phase == ReplayPhase.Running)
        {
        }

        await Assert.ThrowsAsync<InvalidOperationException>(() => paused.AdvanceAsync(CancellationToken.None));
        await RequireShadowAsync(cluster, silo);
    }

    [Fact]
    public async Task Advance_AfterARestart_AProducersRetryIsStillOne()
    {
        await using var cluster = new ClusterFixture();
        await cluster.PublishAsync(users: 1, events: 10);
        await using SiloHost silo = await cluster.StartAsync(replay: new ReplayOptions { CheckpointRecords = 1 });
        ReplayParts parts = silo.Services.GetRequiredService<ReplayParts>();
        byte[] retry = Encoding.UTF8.GetBytes("""{"id":"p3","user":"u0","shop":"s3","n":3}""");
        ReplayState state = await ReplayRun.BeginAsync(parts, Request);
        int used = Array.FindIndex(state.Partitions, p => p.End == 10);
        var record = new LogRecord(used, 1_700_000_000_100, Encoding.UTF8.GetBytes("u0"), retry, default);
        await cluster.Log.AppendAsync(
            "payments", new[] { record }, new RecordPosition[1], CancellationToken.None);
        state = await ReplayRun.BeginAsync(parts, Request);
        state.Partitions[used] = state.Partitions[used] with { End = 10 };
        await using (var run = new ReplayRun(parts, state))
        {
            state = await run.AdvanceAsync(CancellationToken.None);
        }

        state = state with { Phase = ReplayPhase.Running };
        state.Partitions[used] = state.Partitions[used] with { End = 11 };
        await using (var run = new ReplayRun(parts, state))
        {
            state = await run.AdvanceAsync(CancellationToken.None);
        }

        Assert.Equal((10, 11), (state.Events, state.Partitions[used].Next));
        await RequireShadowAsync(cluster, silo);
    }

    [Fact]
    public async Task Begin_AtAStateOfOtherDefinitionsOrAnotherLog_CantGoOn()
    {
        await using var cluster = new ClusterFixture();
        await cluster.PublishAsync(users: 30, events: 100);
        await using SiloHost silo = await cluster.StartAsync();
        ReplayParts parts = silo.Services.GetRequiredService<ReplayParts>();
        ReplayState state = await ReplayRun.BeginAsync(parts, Request);
        Assert.Throws<ReplayFailedException>(() => new ReplayRun(parts, state with { DefinitionHash = 1 }));
        state.Partitions[0] = state.Partitions[0] with { End = 1_000 };
        await using var run = new ReplayRun(parts, state);
        EventLogException e = await Assert.ThrowsAsync<EventLogException>(
            () => run.AdvanceAsync(CancellationToken.None));
        Assert.Equal(EventLogError.Replaced, e.Error);
    }

    private static async Task RequireShadowAsync(ClusterFixture cluster, SiloHost silo)
    {
        Dictionary<string, byte[]> expected = await EntityStates.ByCoreAsync(cluster);
        foreach (string shop in expected.Keys.Where(k => k.StartsWith("shop/", StringComparison.Ordinal)).ToArray())
        {
            expected[shop] = [];
        }

        Assert.Equal(
            expected, await EntityStates.ShadowsAsync(ShadowStore.KindOf("user", "2"), expected.Keys, silo));
    }
}
