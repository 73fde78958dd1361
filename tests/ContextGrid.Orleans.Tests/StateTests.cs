using System.Globalization;
using System.Text;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Entities;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Core.Snapshots;
using ContextGrid.Orleans.Entities;
using ContextGrid.Orleans.Storage;
using ContextGrid.Runtime.Ingestion;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Serialization;

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
        Assert.Equal(307, (await ByCoreAsync(cluster)).Count);
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
        Dictionary<string, byte[]> expected = await ByCoreAsync(cluster);
        using var limit = new CancellationTokenSource(ClusterFixture.Limit);
        while (true)
        {
            Dictionary<string, byte[]> stored = await StoredAsync(expected.Keys, silo);
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

    private static async Task<Dictionary<string, byte[]>> ByCoreAsync(ClusterFixture cluster)
    {
        var entities = new Dictionary<string, (Entity Entity, ApplyScratch Scratch)>(StringComparer.Ordinal);
        foreach (int partition in Enumerable.Range(0, 4))
        {
            var source = new TopicPartition("payments", partition);
            var batch = new EventBatch(cluster.Set, 0, source);
            var records = new LogBatch();
            await using ILogReader reader = cluster.Log.OpenReader(source, 0);
            while (await reader.ReadAsync(records, TimeSpan.Zero, CancellationToken.None) == ReadOutcome.Records)
            {
                batch.Load(records);
                Apply(batch, PlanCompiler.Compile(cluster.Set), entities);
            }
        }

        return entities.ToDictionary(e => e.Key, e => Snapshot(e.Value), StringComparer.Ordinal);
    }

    private static void Apply(
        EventBatch batch,
        IEnumerable<EntityPlan> plans,
        Dictionary<string, (Entity Entity, ApplyScratch Scratch)> entities)
    {
        while (batch.MoveNext())
        {
            foreach (EntityPlan plan in plans)
            {
                foreach (EntitySource source in plan.Definition.Sources)
                {
                    Assert.True(batch.TryGetKey(source, out ReadOnlySpan<byte> key));
                    string name = $"{plan.Definition.Name}/{Encoding.UTF8.GetString(key)}";
                    if (!entities.TryGetValue(name, out (Entity Entity, ApplyScratch Scratch) entity))
                    {
                        entities[name] = entity = (new Entity(plan), new ApplyScratch(plan));
                    }

                    entity.Entity.Apply(batch.Current, entity.Scratch);
                }
            }
        }
    }

    private static byte[] Snapshot((Entity Entity, ApplyScratch Scratch) entity)
    {
        var writer = new SnapshotWriter();
        entity.Entity.Snapshot(writer, entity.Scratch);
        return writer.Written.ToArray();
    }

    private static async Task<Dictionary<string, byte[]>> StoredAsync(IEnumerable<string> names, SiloHost silo)
    {
        var grains = silo.Services.GetRequiredService<IGrainFactory>();
        var serializer = silo.Services.GetRequiredService<Serializer>();
        var stored = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (string name in names)
        {
            byte[] key = Encoding.UTF8.GetBytes(name);
            ShardState found = await grains.GetGrain<ISnapshotShardGrain>(SnapshotGrainStorage.NumberOf(key))
                .ReadAsync("entity", key);
            stored[name] = found.Content is { } content
                ? serializer.Deserialize<EntityState>(content)?.Snapshot ?? []
                : [];
        }

        return stored;
    }
}
