using ContextGrid.Simulation.Tests.Machine;
using ContextGrid.Simulation.Tests.Truth;
using ContextGrid.Simulation.Tests.World;

namespace ContextGrid.Simulation.Tests.Cluster;

/// <summary>
/// The life of several processes that share the shards of one store: with faults, then healed and compared with the
/// truth, then stopped, and their state compared byte by byte with the naive fold.
/// </summary>
/// <param name="world">The world.</param>
/// <param name="cluster">Its processes.</param>
/// <param name="watch">Lets a failure of a task end the run.</param>
internal sealed class ClusterRun(SimulatedWorld world, SimulatedCluster cluster, Action<Task> watch)
{
    private bool _ends;

    public async Task LiveAsync()
    {
        world.Trace.Note($"{world.Plan.Processes} processes, faults: {world.Plan.Faults}");
        var random = new Random(world.Random.Next());
        var early = new Asker(world, new Random(world.Random.Next()));
        world.Started = process => watch(early.AskEarlyAsync(process));
        var saboteur = new ClusterSaboteur(world, cluster, new Random(world.Random.Next()));
        Task sabotage = saboteur.RunAsync(), keeping = KeepAsync(random);
        watch(sabotage);
        watch(keeping);
        IEnumerable<Task> clients = Enumerable.Range(1, world.Plan.Publishers)
            .Select(i => new Producer(world, new Random(world.Random.Next()), i).RunAsync())
            .Append(new Asker(world, new Random(world.Random.Next())).RunAsync());
        await Task.WhenAll(clients.ToArray());
        saboteur.Stop();
        await sabotage;
        world.Trace.Note("the sabotage has ended");
        await HealAsync();
        foreach (SimulatedMember member in cluster.Serving.ToArray())
        {
            await FinalCheck.RunAsync(world, member.Process, new Asker(world, world.Random));
        }

        _ends = true;
        await keeping;
        foreach (SimulatedMember member in cluster.Serving.ToArray())
        {
            await cluster.DrainAsync(member);
        }

        await BytesCheck.RunAsync(world);
    }

    private async Task KeepAsync(Random random)
    {
        while (!_ends)
        {
            cluster.Look();
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(50, 3_000)), world.Clock);
        }
    }

    private async Task HealAsync()
    {
        string? why = null;
        for (int i = 0; i < 1800; i++)
        {
            await Task.Delay(TimeSpan.FromSeconds(2), world.Clock);
            why = cluster.WhyNotWhole();
            if (why is null)
            {
                return;
            }
        }

        throw new SimulationFailure($"it does not recover: {why}");
    }
}
