using System.Collections.Immutable;
using System.Text;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Core.Model;
using ContextGrid.Core.Queries;
using ContextGrid.Orleans.Entities;
using ContextGrid.Runtime.Queries;
using ContextGrid.TestKit.Grids;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Runtime;
using Orleans.Storage;

namespace ContextGrid.Orleans.Tests;

/// <summary>A cluster as a grid for the conformance suites: events come by its ports alone, its log is empty.</summary>
internal static class ClusterGrid
{
    /// <summary>Starts silos without entities.</summary>
    /// <param name="definitions">The definitions.</param>
    /// <param name="silos">How many silos.</param>
    /// <param name="change">Changes their options; null: they stay.</param>
    internal static async Task<GridUnderTest> StartAsync(
        DefinitionSet definitions, int silos, Func<SiloOptions, SiloOptions>? change = null)
    {
        var cluster = new ClusterFixture(definitions: definitions);
        var hosts = new List<SiloHost>();
        for (int i = 0; i < silos; i++)
        {
            hosts.Add(await cluster.StartAsync(change: change));
        }

        return new GridUnderTest(
            definitions,
            [.. hosts.Select(h => h.Grid)],
            (plan, key) => SnapshotAsync(hosts[^1], definitions, plan, key),
            async () =>
            {
                foreach (SiloHost host in hosts)
                {
                    await host.DisposeAsync();
                }

                await cluster.DisposeAsync();
            });
    }

    /// <summary>What is durable of an entity.</summary>
    internal static async Task<byte[]> StoredAsync(SiloHost silo, byte[] name)
    {
        GrainId grain = silo.Services.GetRequiredService<IGrainFactory>().EntityOf(name).GetGrainId();
        return (await StateOfAsync<EntityState>(silo, "entity", grain)).State?.Snapshot ?? [];
    }

    /// <summary>The storage of a silo's grains.</summary>
    internal static IGrainStorage StorageOf(SiloHost silo) =>
        silo.Services.GetRequiredKeyedService<IGrainStorage>(GridContext.StorageName);

    /// <summary>The stored state of a grain.</summary>
    internal static async Task<GrainState<T>> StateOfAsync<T>(SiloHost silo, string name, GrainId grain)
    {
        var stored = new GrainState<T>();
        await StorageOf(silo).ReadStateAsync(name, grain, stored);
        return stored;
    }

    // The entity makes everything durable that an answer says it has.
    private static async Task<byte[]> SnapshotAsync(
        SiloHost silo, DefinitionSet definitions, EntityPlan plan, byte[] key)
    {
        byte[] name = EntityName.Of(plan, key);
        var query = new ContextQuery { Head = QueryHead.Newest };
        query.Selections.Add(FeatureSelection.Of(plan, []));
        query.Add(0, key);
        var answer = new ContextAnswer();
        await silo.Grid.ReadAsync(query, answer, CancellationToken.None);
        IEntityGrain grain = silo.Services.GetRequiredService<IGrainFactory>().EntityOf(name);
        foreach (Position position in answer.Positions(0).ToArray())
        {
            int topic = definitions.Topics.IndexOf(plan.Topics[position.TopicIndex]);
            Assert.True(
                await grain.FlushAsync(Position.SourceOf(topic, position.Partition), position.Offset),
                $"{Encoding.UTF8.GetString(name)} does not have what it has answered.");
        }

        return await StoredAsync(silo, name);
    }
}
