using ContextGrid.Core.Definitions;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Codecs;
using ContextGrid.Runtime.Embedded;

namespace ContextGrid.Orleans.Tests;

/// <summary>Silos and stores of other definitions: they are refused, or what they answer is right.</summary>
public sealed class DefinitionsTests
{
    private static readonly string Original = ClusterFixture.Definitions;

    // Each changes what determines the state of an entity.
    public static TheoryData<string, string> StateEdits => new()
    {
        { "total: payment | sum(n)", "total: payment | sum(n) where n > 5" },
        { "payments: payment | count()", "payments: payment | count() over 1h" },
        { "mean: total / payments", "more: payment | max(n)" },
        { "id: id, key: user", "id: shop, key: user" },
        { "n: int64", "n: double" },
        { "topic: payments", "topic: payments, max_future: 1d" },
        { "shop: {from: {payment: shop}", "shop: {from: {payment: user}" },
        { "shop: {from", "store: {from" },
    };

    // Each changes answers alone, or nothing but the order of the file.
    public static TheoryData<string, string> OtherEdits => new()
    {
        { "id: string, user: string, shop: string", "shop: string, id: string, user: string" },
        { "mean: total / payments", "mean: payments / total" },
        { "mean: total / payments", "average: total / payments" },
        { "n: int64}", "n: int64, spare: string}" },
        { "user:\n    from", "user:\n    ttl: 1d\n    from" },
    };

    [Theory]
    [MemberData(nameof(StateEdits))]
    public async Task Start_StateOfOtherDefinitions_IsRefusedAndStays(string old, string now)
    {
        await using var cluster = new ClusterFixture();
        await FillAsync(cluster);
        var refusal = await Assert.ThrowsAsync<HostStartException>(
            () => cluster.StartAsync(change: WithDefinitions(Edited(old, now))));
        Assert.Contains("The definitions do not fit the state in", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refusal.Message);
        await using SiloHost again = await cluster.StartAsync();
        await cluster.RequireAsync(again);
    }

    [Theory]
    [MemberData(nameof(OtherEdits))]
    public async Task Start_OtherWordsOnlyAndNoOtherSilo_AnswersAreRight(string old, string now)
    {
        await using var cluster = new ClusterFixture();
        await FillAsync(cluster);
        await using SiloHost silo = await cluster.StartAsync(change: WithDefinitions(Edited(old, now)));
        await cluster.RequireAsync(silo);
        await cluster.PublishAsync(users: 50, events: 200);
        await cluster.RequireAsync(silo);
    }

    [Theory]
    [MemberData(nameof(StateEdits))]
    [MemberData(nameof(OtherEdits))]
    public async Task Join_OtherDefinitionsThanTheSilosThatRun_IsRefusedAndTheOthersGoOn(string old, string now)
    {
        await using var cluster = new ClusterFixture();
        await using SiloHost silo = await cluster.StartAsync();
        await cluster.PublishAsync(users: 50, events: 200);
        await cluster.RequireAsync(silo);
        var refusal = await Assert.ThrowsAsync<HostStartException>(
            () => cluster.StartAsync(change: WithDefinitions(Edited(old, now))));
        Assert.DoesNotContain('\n', refusal.Message);
        Assert.Single(ClusterFixture.ActiveOf(silo));
        await cluster.PublishAsync(users: 50, events: 200);
        await cluster.RequireAsync(silo);
        await using SiloHost same = await cluster.StartAsync();
        await cluster.RequireAsync(same);
    }

    [Fact]
    public async Task Join_OtherWordsOnly_SaysWhichDefinitionDiffersAndWhoRuns()
    {
        await using var cluster = new ClusterFixture();
        await using SiloHost silo = await cluster.StartAsync();
        var refusal = await Assert.ThrowsAsync<HostStartException>(() => cluster.StartAsync(
            change: WithDefinitions(Edited("mean: total / payments", "mean: payments / total"))));
        Assert.Equal(
            $"The definitions are not those of the silos that run ({silo.Address.Endpoint}): entity 'user' differs. "
            + "Start with the same definitions, or stop all silos and then start them with the new ones.",
            refusal.Message);
    }

    [Fact]
    public async Task Start_ChangedWhere_SaysWhatWasAndWhatIs()
    {
        await using var cluster = new ClusterFixture();
        await FillAsync(cluster);
        var refusal = await Assert.ThrowsAsync<HostStartException>(() => cluster.StartAsync(
            change: WithDefinitions(Edited("total: payment | sum(n)", "total: payment | sum(n) where n > 5"))));
        Assert.Contains(
            "entity 'user': 'feature payment | sum(n)' is now 'feature payment | sum(n) where n > 5'.",
            refusal.Message, StringComparison.Ordinal);
    }

    // Two silos that begin at once with other definitions: never do both take part.
    [Fact]
    public async Task Start_TwoAtOnceWithOtherDefinitions_NotBothRun()
    {
        DefinitionSet other = Edited("mean: total / payments", "mean: payments / total");
        for (int round = 0; round < 3; round++)
        {
            await using var cluster = new ClusterFixture();
            Task<SiloHost>[] starts =
            [
                cluster.StartAsync(), cluster.StartAsync(change: WithDefinitions(other)),
            ];
            await Task.WhenAll(starts.Select(s => s.ContinueWith(_ => { }, TaskScheduler.Default)));
            Assert.Contains(starts, s => s.Exception?.InnerException is HostStartException);
            foreach (Task<SiloHost> start in starts.Where(s => s.IsCompletedSuccessfully))
            {
                await (await start).DisposeAsync();
            }
        }
    }

    [Fact]
    public async Task Start_StoreThatDoesNotSayItsDefinitions_IsRefused()
    {
        await using var cluster = new ClusterFixture();
        await FillAsync(cluster);
        await cluster.OpenState().DeleteAsync(StoredDefinitions.BlobName, CancellationToken.None);
        var refusal = await Assert.ThrowsAsync<HostStartException>(() => cluster.StartAsync());
        Assert.Contains("does not say by which definitions it was made", refusal.Message, StringComparison.Ordinal);
        await cluster.OpenState().PutAsync(
            StoredDefinitions.BlobName, "something else"u8.ToArray(), PutCondition.Always, CancellationToken.None);
        refusal = await Assert.ThrowsAsync<HostStartException>(() => cluster.StartAsync());
        Assert.Contains("can't be read by this version", refusal.Message, StringComparison.Ordinal);
    }

    private static Func<SiloOptions, SiloOptions> WithDefinitions(DefinitionSet definitions) =>
        o => o with { Host = o.Host with { Definitions = definitions } };

    private static async Task FillAsync(ClusterFixture cluster)
    {
        await cluster.PublishAsync(users: 50, events: 400);
        await using SiloHost silo = await cluster.StartAsync();
        await cluster.RequireAsync(silo);
    }

    private static DefinitionSet Edited(string old, string now)
    {
        Assert.Contains(old, Original, StringComparison.Ordinal);
        DefinitionReadResult result = DefinitionFiles.Parse(
            "edited.yaml", Original.Replace(old, now, StringComparison.Ordinal));
        return result.Set ?? throw new InvalidOperationException(string.Join('\n', result.Errors));
    }
}
