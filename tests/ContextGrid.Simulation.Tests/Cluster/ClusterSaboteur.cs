using ContextGrid.Simulation.Tests.World;

namespace ContextGrid.Simulation.Tests.Cluster;

/// <summary>Makes the faults of the plan happen to the processes of a cluster, and to what is between them.</summary>
internal sealed class ClusterSaboteur(SimulatedWorld world, SimulatedCluster cluster, Random random)
{
    private bool _ends;

    /// <summary>Sabotages until told to stop.</summary>
    public async Task RunAsync()
    {
        Arm();
        List<Func<Task>> acts = Acts();
        while (!_ends && acts.Count > 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(10, 20_000)), world.Clock);
            if (!_ends)
            {
                await acts[random.Next(acts.Count)]();
            }
        }
    }

    /// <summary>Ends all sabotage.</summary>
    public void Stop()
    {
        _ends = true;
        world.SpareAll();
        (world.Store.Fails, world.Store.IsUnknown) = (0, 0);
        world.SharedLog.Heal();
        cluster.Network.Heal();
        cluster.Membership.StaleMax = TimeSpan.FromMilliseconds(200);
        foreach (SimulatedMember paused in cluster.Alive.Where(m => m.Process.Context.IsPaused).ToArray())
        {
            cluster.Wake(paused);
        }
    }

    private void Arm()
    {
        SimulationPlan plan = world.Plan;
        world.Store.Fails = plan.Has(Faults.Store) ? random.NextDouble() * 0.1 : 0;
        world.Store.IsUnknown = plan.Has(Faults.Store) ? random.NextDouble() * 0.2 : 0;
        world.SharedLog.Fails = plan.Has(Faults.Store) ? random.NextDouble() * 0.05 : 0;
        double network = plan.Has(Faults.Network) ? Math.Pow(random.NextDouble(), 2) * 0.2 : 0;
        (cluster.Network.Loses, cluster.Network.Repeats, cluster.Network.ComesLate) = (network, network, network / 2);
        cluster.Membership.StaleMax = TimeSpan.FromMilliseconds(plan.Has(Faults.LateMembers) ? 8_000 : 200);
    }

    private List<Func<Task>> Acts()
    {
        SimulationPlan plan = world.Plan;
        (bool IsPlanned, Func<Task> Act)[] all =
        [
            (plan.Has(Faults.Kill), KillAsync),
            (plan.Has(Faults.Takeover), PauseAsync),
            (plan.Has(Faults.FalseDeaths), CallDeadAsync),
            (plan.Has(Faults.Moves), MoveAsync),
            (plan.Has(Faults.Cuts), CutAsync),
            (plan.Has(Faults.Poison), new Poisoner(world, random).PoisonAsync),
            (plan.Has(Faults.Retention), new Retention(world, random).RetainAsync),
            (plan.Has(Faults.PausedPartitions), new PartitionPauser(world, random).PauseAsync),
        ];
        return [.. all.Where(a => a.IsPlanned).Select(a => a.Act)];
    }

    private Task KillAsync()
    {
        if (world.MayKill && cluster.Pick(cluster.Alive) is { } member)
        {
            cluster.Kill(member, "between two steps");
        }

        return Task.CompletedTask;
    }

    // Others may have its shards when it wakes up.
    private async Task PauseAsync()
    {
        if (cluster.Pick(cluster.Serving) is not { } member)
        {
            return;
        }

        world.Trace.Note($"{member.Address} is paused");
        member.IsBehindTheTimes = true;
        member.Process.Context.Pause();
        await Task.Delay(TimeSpan.FromSeconds(random.Next(1, 15)), world.Clock);
        if (random.Next(3) > 0)
        {
            cluster.CallDead(member);
        }

        await Task.Delay(TimeSpan.FromSeconds(random.Next(1, 30)), world.Clock);
        Task asked = new Asker(world, random).AskTwiceAsync(member.Process);
        cluster.Wake(member);
        await asked;
    }

    private Task CallDeadAsync()
    {
        IEnumerable<SimulatedMember> members = cluster.Serving.Where(m => !cluster.Membership.IsDead(m.Address));
        if (world.MayKill && cluster.Pick(members) is { } member)
        {
            cluster.CallDead(member);
        }

        return Task.CompletedTask;
    }

    // One more, one less, or one for another as in a rolling restart.
    private async Task MoveAsync()
    {
        switch (random.Next(3))
        {
            case 0 when cluster.Target < 5:
                cluster.Target++;
                break;
            case 1 when cluster.Target > 1 && cluster.Pick(cluster.Serving) is { } member:
                cluster.Target--;
                await cluster.DrainAsync(member);
                break;
            case 2 when cluster.Pick(cluster.Serving) is { } restarted:
                await cluster.DrainAsync(restarted);
                break;
        }
    }

    private async Task CutAsync()
    {
        SimulatedMember? a = cluster.Pick(cluster.Serving), b = cluster.Pick(cluster.Serving.Where(m => m != a));
        if (a is null || b is null)
        {
            return;
        }

        world.Trace.Note($"{a.Address} and {b.Address} do not reach each other");
        cluster.Network.Cut(a.Address, b.Address, isCut: true);
        await Task.Delay(TimeSpan.FromSeconds(random.Next(1, 40)), world.Clock);
        cluster.Network.Cut(a.Address, b.Address, isCut: false);
        world.Trace.Note($"{a.Address} and {b.Address} reach each other again");
    }
}
