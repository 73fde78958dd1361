using System.Globalization;
using System.Text;
using ContextGrid.Core.Queries;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;

namespace ContextGrid.Orleans.Tests;

/// <summary>The log can't be reached, or nobody reads a partition: every silo says how old what it tells is (I12).
/// </summary>
public sealed class OutageTests
{
    [Fact]
    public async Task Read_LogIsSilent_LagGrowsOnAllSilosAndMaxStalenessRefuses()
    {
        await using var cluster = new ClusterFixture();
        await using SiloHost first = await cluster.StartAsync();
        await using SiloHost second = await cluster.StartAsync();
        await cluster.PublishAsync(users: 20, events: 100);
        await cluster.RequireAsync(first);
        await cluster.RequireAsync(second);
        SiloHost[] silos = [first, second];
        await UntilAsync(silos, s => WhyNotReady(s) is null, s => $"not ready: {WhyNotReady(s)}");
        cluster.Held.Silence(true);
        await UntilAsync(
            silos, s => s.Progress.All(p => p.LagMs(NowMs) > PartitionProgress.UnseenMaxMs), _ => "no lag is shown");
        Assert.All(silos, s => Assert.All(s.Progress, p => Assert.InRange(p.LagMs(NowMs), 0, 600_000)));
        foreach (SiloHost silo in silos)
        {
            (ContextOutcome outcome, ContextAnswer answer) = await ReadAsync(silo, TimeSpan.FromSeconds(1));
            Assert.True(outcome.IsTooStale);
            Assert.All(answer.Sources, s => Assert.True(s.LagMs > PartitionProgress.UnseenMaxMs));
        }

        await UntilAsync(silos, s => WhyNotReady(s) is not null, _ => "a silo that reads nothing is ready");
        cluster.Held.Silence(false);
        await cluster.PublishAsync(users: 20, events: 100);
        await cluster.RequireAsync(first);
        await cluster.RequireAsync(second);
        await UntilAsync(
            silos, s => WhyNotReady(s) is null && s.Progress.All(p => p.LagMs(NowMs) == 0), s => $"{WhyNotReady(s)}");
    }

    // The silo that read the partitions is gone; the other one answers beside it.
    [Fact]
    public async Task Read_PartitionCannotBeOpenedByItsNewReader_LagGrowsAndTheSiloStaysReady()
    {
        await using var cluster = new ClusterFixture();
        await using SiloHost first = await cluster.StartAsync();
        SiloHost second = await cluster.StartAsync();
        await ClusterFixture.BalanceAsync(first, second);
        await cluster.PublishAsync(users: 20, events: 100);
        await cluster.RequireAsync(first);
        TopicPartition[] lost = [.. first.State.Readers.Where(r => r.Value.Silo != first.Address.ToParsableString())
            .Select(r => r.Key)];
        Assert.NotEmpty(lost);
        Array.ForEach(lost, cluster.Held.TakeAway);
        await second.CrashAsync();
        await UntilAsync(
            [first],
            s => s.Progress.Where(p => lost.Contains(p.Partition)).All(p => p.LagMs(NowMs) > 5_000),
            _ => "no lag is shown");
        Assert.All(
            first.Progress.Where(p => !lost.Contains(p.Partition)),
            p => Assert.True(p.LagMs(NowMs) <= PartitionProgress.UnseenMaxMs));
        await second.DisposeAsync();
    }

    private static long NowMs => TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();

    private static string? WhyNotReady(SiloHost silo) => silo.WhyNotReady(NowMs);

    private static async Task UntilAsync(SiloHost[] silos, Func<SiloHost, bool> holds, Func<SiloHost, string> why)
    {
        using var limit = new CancellationTokenSource(ClusterFixture.Limit);
        foreach (SiloHost silo in silos)
        {
            while (!holds(silo))
            {
                Assert.False(limit.IsCancellationRequested, why(silo));
                await Task.Delay(TimeSpan.FromMilliseconds(50));
            }
        }
    }

    private static async Task<(ContextOutcome Outcome, ContextAnswer Answer)> ReadAsync(SiloHost silo, TimeSpan most)
    {
        var query = new ContextQuery { Head = QueryHead.Newest, StalenessMax = most };
        query.Selections.Add(FeatureSelection.Of(silo.Grid.Plans[1], ["payments"]));
        query.Add(0, Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"u{1}")));
        var answer = new ContextAnswer();
        return (await silo.Reader.ReadAsync(query, answer, CancellationToken.None), answer);
    }
}
