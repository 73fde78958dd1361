using ContextGrid.Orleans.Storage;
using ContextGrid.Runtime.Hosting;
using ContextGrid.TestKit.Parts;
using Orleans.Runtime;

namespace ContextGrid.Orleans.Tests;

/// <summary>A cluster whose grains are blobs, on Azurite.</summary>
public sealed class BlobStorageTests : IAsyncLifetime
{
    private AzuriteProcess _azurite = null!; // Set before each test.

    public async ValueTask InitializeAsync() => _azurite = await AzuriteProcess.StartAsync("--inMemoryPersistence");

    public ValueTask DisposeAsync() => _azurite.DisposeAsync();

    [Fact]
    public async Task Start_AfterAnOrderlyStop_ReplaysAreThereAndEntitiesAreInTheCheckpoints()
    {
        await using var cluster = new ClusterFixture();
        await cluster.PublishAsync(users: 100, events: 1_000);
        await using (SiloHost first = await StartAsync(cluster))
        {
            await cluster.RequireAsync(first);
            await ReplayChecks.RunAsync(first, ReplayChecks.All);
        }

        await using SiloHost second = await StartAsync(cluster);
        Assert.Equal(ReplayPhase.Finished, Assert.Single(await second.Replays.ListAsync()).Phase);
        await ReplayChecks.RequireAsync(second, () => Task.FromResult(second.Progress.Sum(p => p.Next) == 1_000));
        await cluster.PublishAsync(users: 120, events: 500);
        await cluster.RequireAsync(second);
    }

    [Fact]
    public void NameOf_AnyKey_IsOneGrainsAlone()
    {
        string[] keys =
        [
            "user/a", "user/a/b", "user/..", "user/../shop/a", "shop/a", "user/a.b", "user/a~2Eb", "user/a%2Eb",
            "user/ü",
            "user/" + new string('k', 1_024), "user/" + new string('k', 1_023) + "l", "user/" + new string('/', 1_024),
        ];
        GrainId[] names = [.. keys.Select(k => BlobGrainStorage.NameOf(GrainId.Create("entity", k)))];
        Assert.Equal(keys.Length, names.Distinct().Count());
        Assert.All(names, n => Assert.Matches("^entity/(user|shop)/[A-Za-z0-9_~-]{1,700}$", n.ToString()));
        Assert.Equal(
            ["entity/user/a", "entity/user/a~2Fb", "entity/user/~2E~2E"], names[..3].Select(n => n.ToString()));
    }

    [Fact]
    public void BlobPerGrain_Shown_HasNoSecret() => Assert.DoesNotContain(
        AzuriteProcess.Key, new BlobPerGrain(_azurite.ConnectionString).ToString(), StringComparison.Ordinal);

    private Task<SiloHost> StartAsync(ClusterFixture cluster) => cluster.StartAsync(
        TimeSpan.FromMilliseconds(200),
        change: o => o with { Blobs = new BlobPerGrain(_azurite.ConnectionString) });
}
