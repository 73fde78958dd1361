using System.Globalization;
using System.Text;
using ContextGrid.Orleans.Entities;
using ContextGrid.Orleans.Ingestion;
using ContextGrid.Orleans.Storage;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.TestKit.Parts;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Runtime;
using Orleans.Storage;

namespace ContextGrid.Orleans.Tests;

/// <summary>A cluster whose grains are blobs, on Azurite.</summary>
public sealed class BlobStorageTests : IAsyncLifetime
{
    private AzuriteProcess _azurite = null!; // Set before each test.

    public async ValueTask InitializeAsync() => _azurite = await AzuriteProcess.StartAsync("--inMemoryPersistence");

    public ValueTask DisposeAsync() => _azurite.DisposeAsync();

    [Fact]
    public async Task Start_AfterAnOrderlyStop_StateIsThereToTheByteAndTheLogIsNotReadAgain()
    {
        await using var cluster = new ClusterFixture();
        await cluster.PublishAsync(users: 100, events: 1_000);
        await using (SiloHost first = await StartAsync(cluster))
        {
            await cluster.RequireAsync(first);
        }

        await using SiloHost second = await StartAsync(cluster);
        foreach ((string name, byte[] state) in await EntityStates.ByCoreAsync(cluster))
        {
            Assert.Equal(state, await ClusterGrid.StoredAsync(second, Encoding.UTF8.GetBytes(name)));
        }

        long next = 0;
        foreach (int partition in Enumerable.Range(0, 4))
        {
            IPartitionGrain grain = second.Services.GetRequiredService<IngestionParts>().GrainOf(
                new TopicPartition("payments", partition));
            PartitionState? state = (await ClusterGrid.StateOfAsync<PartitionState>(
                second, "partition", grain.GetGrainId())).State;
            next += state?.Next ?? 0;
        }

        Assert.Equal(1_000, next);
        await cluster.PublishAsync(users: 120, events: 500);
        await cluster.RequireAsync(second);
        Assert.Empty(await cluster.OpenState().ListAsync("shards/", CancellationToken.None));
    }

    // As another activation of the same entity would, that has begun with the same state.
    [Fact]
    public async Task Flush_AnotherActivationHasWritten_TheEntityBeginsAnewAndLosesNothing()
    {
        await using var cluster = new ClusterFixture();
        await using SiloHost silo = await StartAsync(cluster);
        await cluster.PublishAsync(users: 20, events: 100);
        await cluster.RequireAsync(silo);
        int written = 0;
        for (int round = 0; round < 5; round++)
        {
            byte[] name = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"user/u{round}"));
            GrainId grain = silo.Services.GetRequiredService<IGrainFactory>().EntityOf(name).GetGrainId();
            written += await TryWriteAsync(silo, grain) ? 1 : 0;
            await cluster.PublishAsync(users: 20, events: 100);
            await cluster.RequireAsync(silo);
        }

        Assert.True(written > 0, "Nothing was durable before the end.");
        await RequireStoredAsync(cluster, silo);
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

    // False: nothing of the entity is durable yet, or its own write was quicker.
    private static async Task<bool> TryWriteAsync(SiloHost silo, GrainId grain)
    {
        GrainState<EntityState> found = await ClusterGrid.StateOfAsync<EntityState>(silo, "entity", grain);
        if (!found.RecordExists)
        {
            return false;
        }

        try
        {
            await ClusterGrid.StorageOf(silo).WriteStateAsync("entity", grain, found);
            return true;
        }
        catch (InconsistentStateException)
        {
            return false;
        }
    }

    // What is applied becomes durable with the next commit.
    private static async Task RequireStoredAsync(ClusterFixture cluster, SiloHost silo)
    {
        using var limit = new CancellationTokenSource(ClusterFixture.Limit);
        foreach ((string name, byte[] expected) in await EntityStates.ByCoreAsync(cluster))
        {
            byte[] stored = await ClusterGrid.StoredAsync(silo, Encoding.UTF8.GetBytes(name));
            while (!expected.AsSpan().SequenceEqual(stored) && !limit.IsCancellationRequested)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100));
                stored = await ClusterGrid.StoredAsync(silo, Encoding.UTF8.GetBytes(name));
            }

            Assert.Equal(expected, stored);
        }
    }
}
