using ContextGrid.Core.Definitions;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Core.Snapshots;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Shards;
using ContextGrid.TestKit.Grids;

namespace ContextGrid.Orleans.Tests;

/// <summary>
/// A cluster as a grid for the conformance suites: each silo applies what it is given to its own shards, and sends the
/// others what is theirs; nobody reads the log.
/// </summary>
internal static class ClusterGrid
{
    /// <summary>Starts silos without entities.</summary>
    /// <param name="definitions">The definitions.</param>
    /// <param name="silos">How many silos.</param>
    internal static async Task<GridUnderTest> StartAsync(DefinitionSet definitions, int silos)
    {
        var cluster = new ClusterFixture(definitions: definitions);
        foreach (string topic in definitions.Topics)
        {
            Enumerable.Range(0, 4).ToList().ForEach(p => cluster.Held.Hold(new TopicPartition(topic, p)));
        }

        var hosts = new List<SiloHost>();
        for (int i = 0; i < silos; i++)
        {
            hosts.Add(await cluster.StartAsync());
        }

        await ClusterFixture.BalanceAsync([.. hosts]);
        return new GridUnderTest(
            definitions,
            [.. hosts.Select(h => new DeliveringGrid(h))],
            (plan, key) => Task.FromResult(Snapshot(hosts, plan, key)),
            async () =>
            {
                foreach (SiloHost host in hosts)
                {
                    await host.DisposeAsync();
                }

                await cluster.DisposeAsync();
            });
    }

    private static byte[] Snapshot(List<SiloHost> silos, EntityPlan plan, byte[] key)
    {
        int shard = ShardMap.ShardOf(key, ShardMap.CountDefault);
        ShardEngine grid = silos.Single(s => s.Shards.Grid.Positions.Open.Contains(shard)).Shards.Grid;
        EntityPlan own = grid.Plans.Single(p => p.Definition.Name == plan.Definition.Name);
        return GridUnderTest.Snapshot(grid, own, key);
    }
}
