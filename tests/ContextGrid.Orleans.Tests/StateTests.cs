using System.Globalization;
using System.Text;
using ContextGrid.Orleans.Storage;
using Microsoft.Extensions.DependencyInjection;
using Orleans;

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
        await RequireStoredAsync(cluster, second);
    }

    // As another activation of the same entity would, that has begun with the same state.
    [Fact]
    public async Task Flush_AnotherActivationHasWritten_TheEntityBeginsAnewAndLosesNothing()
    {
        await using var cluster = new ClusterFixture();
        await using SiloHost silo = await cluster.StartAsync(TimeSpan.FromMilliseconds(200));
        var grains = silo.Services.GetRequiredService<IGrainFactory>();
        for (int round = 0; round < 5; round++)
        {
            await cluster.PublishAsync(users: 20, events: 100);
            await cluster.RequireAsync(silo);
            byte[] key = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"user/u{round}"));
            ISnapshotShardGrain shard = grains.GetGrain<ISnapshotShardGrain>(SnapshotGrainStorage.NumberOf(key));
            ShardState found = await shard.ReadAsync("entity", key);
            if (found.Content is { } content)
            {
                await shard.WriteAsync([new ShardWrite("entity", key, content, found.Version)]);
            }
        }

        await cluster.RequireAsync(silo);
        await RequireStoredAsync(cluster, silo);
    }

    // What is applied becomes durable with the next commit.
    private static async Task RequireStoredAsync(ClusterFixture cluster, SiloHost silo)
    {
        Dictionary<string, byte[]> expected = await EntityStates.ByCoreAsync(cluster);
        using var limit = new CancellationTokenSource(ClusterFixture.Limit);
        while (true)
        {
            Dictionary<string, byte[]> stored = await EntityStates.StoredAsync("entity", expected.Keys, silo);
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
