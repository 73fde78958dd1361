using System.Text;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Entities;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Core.Snapshots;
using ContextGrid.Orleans.Entities;
using ContextGrid.Orleans.Storage;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Shards;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Serialization;
using StableHash = ContextGrid.Core.Model.StableHash;

namespace ContextGrid.Orleans.Tests;

/// <summary>States of entities, byte by byte.</summary>
internal static class EntityStates
{
    /// <summary>The states that Core alone gives for what the log holds now, by type and key.</summary>
    internal static async Task<Dictionary<string, byte[]>> ByCoreAsync(ClusterFixture cluster)
    {
        var entities = new Dictionary<string, (Entity Entity, ApplyScratch Scratch)>(StringComparer.Ordinal);
        foreach (int partition in Enumerable.Range(0, 4))
        {
            var source = new TopicPartition("payments", partition);
            var batch = new EventBatch(cluster.Set, 0, source);
            var records = new LogBatch();
            LogRange range = await cluster.Log.GetRangeAsync(source, CancellationToken.None);
            await using ILogReader reader = cluster.Log.OpenReader(source, range.Start);
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
                    if (!batch.TryGetKey(source, out ReadOnlySpan<byte> key))
                    {
                        continue;
                    }

                    string name = $"{plan.Definition.Name}/{Encoding.UTF8.GetString(key)}";
                    if (!entities.TryGetValue(name, out (Entity Entity, ApplyScratch Scratch) entity))
                    {
                        entities[name] = entity = (new Entity(plan), new ApplyScratch(plan));
                    }

                    if (batch.IsSkipped)
                    {
                        entity.Entity.Skip(batch.Current.Position);
                    }
                    else
                    {
                        entity.Entity.Apply(batch.Current, entity.Scratch);
                    }
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

    /// <summary>The states that silos have in their checkpoints; empty: there is none.</summary>
    internal static async Task<Dictionary<string, byte[]>> StoredAsync(
        ClusterFixture cluster, IEnumerable<string> names, params SiloHost[] silos)
    {
        DirectorySnapshotStore store = cluster.OpenState();
        var stored = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (string name in names)
        {
            string type = name[..name.IndexOf('/', StringComparison.Ordinal)];
            byte[] key = Encoding.UTF8.GetBytes(name[(type.Length + 1)..]);
            int shard = ShardMap.ShardOf(key, ShardMap.CountDefault);
            SiloHost? owner = silos.FirstOrDefault(s => s.Shards.Grid.Positions.Open.Contains(shard));
            stored[name] = owner is null ? [] : await StoredAsync(store, owner.Shards.Grid, type, key);
        }

        return stored;
    }

    private static async Task<byte[]> StoredAsync(ISnapshotStore store, ShardEngine grid, string type, byte[] key)
    {
        EntityPlan plan = grid.Plans.Single(p => p.Definition.Name == type);
        StoredKey stored = grid.Tables[grid.Plans.IndexOf(plan)].StoredKeyOf(key, StableHash.Of(key));
        StoredRecord found = await grid.View.FindAsync(store, stored, CancellationToken.None);
        return found.Outcome == StoredOutcome.Found ? found.Snapshot.ToArray() : [];
    }

    /// <summary>The states of a shadow version; empty: there is none.</summary>
    internal static async Task<Dictionary<string, byte[]>> ShadowsAsync(
        string kind, IEnumerable<string> names, SiloHost silo)
    {
        var grains = silo.Services.GetRequiredService<IGrainFactory>();
        var serializer = silo.Services.GetRequiredService<Serializer>();
        var stored = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (string name in names)
        {
            byte[] key = Encoding.UTF8.GetBytes(name);
            ShardState found = await grains.GetGrain<ISnapshotShardGrain>(SnapshotGrainStorage.NumberOf(key))
                .ReadAsync(kind, key);
            stored[name] = found.Content is { } content
                ? serializer.Deserialize<EntityState>(content)?.Snapshot ?? []
                : [];
        }

        return stored;
    }
}
