using ContextGrid.Simulation.Tests.Machine;

namespace ContextGrid.Simulation.Tests.World;

/// <summary>Makes the faults of the plan happen while producers and askers work.</summary>
internal sealed class Saboteur(SimulatedWorld world, Random random)
{
    private bool _ends;

    /// <summary>What the files of the disk have suffered.</summary>
    public FileDamage Damage { get; } = new(world, random);

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
        (world.DiskFaults.Ends, world.DiskFaults.EndsAfterFailure) = (0, 0);
        (world.DiskFaults.FlushFails, world.DiskFaults.DeleteFails) = (0, 0);
        (world.DiskFaults.ReadFails, world.DiskFaults.ReadIsShort) = (0, 0);
        world.Disk.IsFull = false;
        world.Disk.FlushMax = TimeSpan.FromMilliseconds(5);
        (world.Store.Fails, world.Store.IsUnknown) = (0, 0);
        world.SharedLog.Heal();
        Damage.Restore();
    }

    private List<Func<Task>> Acts()
    {
        SimulationPlan plan = world.Plan;
        (bool IsPlanned, Func<Task> Act)[] all =
        [
            (plan.Has(Faults.Kill), KillAsync),
            (plan.Has(Faults.DiskFull), FillAsync),
            (plan.Has(Faults.SlowDisk), SlowDownAsync),
            (plan.Has(Faults.Poison), new Poisoner(world, random).PoisonAsync),
            (plan.Has(Faults.BitFlip), FlipAsync),
            (plan.Has(Faults.Retention) && plan.IsShared, new Retention(world, random).RetainAsync),
            (plan.Has(Faults.Takeover), TakeOverAsync),
            (plan.Has(Faults.PausedPartitions), new PartitionPauser(world, random).PauseAsync),
        ];
        return [.. all.Where(a => a.IsPlanned).Select(a => a.Act)];
    }

    private void Arm()
    {
        SimulationPlan plan = world.Plan;
        world.DiskFaults.Ends = plan.Has(Faults.KillAtWrite) ? random.NextDouble() * 0.02 : 0;
        world.DiskFaults.EndsAfterFailure = plan.Has(Faults.Kill | Faults.KillAtWrite) ? 0.5 : 0;
        double fails = plan.Has(Faults.FlushFails) ? 0.1 * Math.Pow(random.NextDouble(), 2) : 0;
        (world.DiskFaults.FlushFails, world.DiskFaults.DeleteFails) = (fails, fails * 5);
        world.DiskFaults.ReadFails = plan.Has(Faults.ReadFails) ? random.NextDouble() * 0.01 : 0;
        world.DiskFaults.ReadIsShort = plan.Has(Faults.ShortReads) ? 0.3 : 0;
        world.Store.Fails = plan.Has(Faults.Store) ? random.NextDouble() * 0.1 : 0;
        world.Store.IsUnknown = plan.Has(Faults.Store) ? random.NextDouble() * 0.2 : 0;
        world.SharedLog.Fails = plan.Has(Faults.Store) ? random.NextDouble() * 0.05 : 0;
    }

    private Task KillAsync()
    {
        if (world.MayKill && world.Current is { } process)
        {
            world.Kill(process, "between two steps", isFault: true);
        }

        return Task.CompletedTask;
    }

    private async Task FillAsync()
    {
        world.Trace.Note("the disk is full");
        world.Disk.IsFull = true;
        await Task.Delay(TimeSpan.FromSeconds(random.Next(1, 60)), world.Clock);
        world.Disk.IsFull = false;
        world.Trace.Note("the disk has space again");
    }

    private async Task SlowDownAsync()
    {
        world.Trace.Note("the disk is slow");
        world.Disk.FlushMax = TimeSpan.FromSeconds(random.Next(1, 10));
        await Task.Delay(TimeSpan.FromSeconds(random.Next(1, 60)), world.Clock);
        if (world.Plan.Has(Faults.Kill) && random.Next(2) == 0)
        {
            // Now it is likely that something waits for its flush.
            await KillAsync();
        }

        world.Disk.FlushMax = TimeSpan.FromMilliseconds(5);
    }

    // Only files that are not being written: a bit of the newest commit is no different from a torn write.
    private Task FlipAsync()
    {
        if (Damage.Files.Count == 0)
        {
            Damage.Flip();
        }

        return Task.CompletedTask;
    }

    /// <summary>Changes, now and then, what a start is about to read: a manifest is read only then.</summary>
    public void FlipBeforeStart()
    {
        if (!_ends && world.Plan.Has(Faults.BitFlip) && Damage.Files.Count == 0 && random.Next(2) == 0)
        {
            Damage.FlipBlob();
        }
    }

    private async Task TakeOverAsync()
    {
        if (world.Current is not { IsUp: true } old)
        {
            return;
        }

        world.Trace.Note($"process {old.Number} is paused");
        old.Context.Pause();
        await Task.Delay(TimeSpan.FromSeconds(random.Next(1, 20)), world.Clock);
        world.StartProcess();
        await Task.Delay(TimeSpan.FromSeconds(random.Next(1, 60)), world.Clock);
        Task asked = new Asker(world, random).AskTwiceAsync(old);
        world.Trace.Note($"process {old.Number} wakes up");
        old.Context.Wake();
        await Task.WhenAll(asked, Task.Delay(TimeSpan.FromSeconds(random.Next(1, 60)), world.Clock));
        world.Kill(old, "after it woke up");
    }
}
