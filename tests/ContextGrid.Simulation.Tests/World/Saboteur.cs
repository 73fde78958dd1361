using ContextGrid.Runtime.Ingestion;
using ContextGrid.Simulation.Tests.Machine;

namespace ContextGrid.Simulation.Tests.World;

/// <summary>Makes the faults of the plan happen while producers and askers work.</summary>
internal sealed class Saboteur(SimulatedWorld world, Random random)
{
    private bool _ends;

    /// <summary>Files of which a bit was changed, with what changes it back.</summary>
    public List<(string Path, Action Restore)> Damaged { get; } = [];

    /// <summary>The manifest that a start would read first, if it is damaged.</summary>
    public string? DamagedManifest => NewestManifest is { } path && Damaged.Exists(d => d.Path == path) ? path : null;

    private string? NewestManifest => world.Disk.Files.Keys
        .Where(f => f.Contains("/manifests/", StringComparison.Ordinal)).Max(StringComparer.Ordinal);

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
        Restore();
    }

    /// <summary>Brings damaged files back from a copy.</summary>
    public void Restore()
    {
        foreach ((string path, Action restore) in Damaged)
        {
            world.Trace.Note($"{path} is restored from a copy");
            restore();
        }

        Damaged.Clear();
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
            (plan.Has(Faults.Retention) && plan.IsShared, RetainAsync),
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
        if (Damaged.Count == 0)
        {
            Flip();
        }

        return Task.CompletedTask;
    }

    /// <summary>Changes a bit of a file that nobody writes, if there is one.</summary>
    public void Flip()
    {
        string[] logs = [.. world.Disk.Files.Keys.Where(IsClosedLog)];
        if (logs.Length == 0 || random.Next(2) == 0)
        {
            FlipBlob();
        }
        else
        {
            Flip(logs[random.Next(logs.Length)]);
        }
    }

    /// <summary>Changes, now and then, what a start is about to read: a manifest is read only then.</summary>
    public void FlipBeforeStart()
    {
        if (!_ends && world.Plan.Has(Faults.BitFlip) && Damaged.Count == 0 && random.Next(2) == 0)
        {
            FlipBlob();
        }
    }

    // Mostly of the newest manifest: the older ones are not read while it is whole.
    private void FlipBlob()
    {
        string[] blobs =
        [
            .. world.Disk.Files.Keys.Where(f => f.Contains("/checkpoints/segments/") || f.Contains("/manifests/")),
        ];
        if (NewestManifest is { } newest && random.Next(4) > 0)
        {
            Flip(newest);
        }
        else if (blobs.Length > 0)
        {
            Flip(blobs[random.Next(blobs.Length)]);
        }
    }

    private void Flip(string path)
    {
        if (world.Disk.Files[path] is { HasPending: false, Length: > 0 } inode)
        {
            (long offset, int bit) = (random.NextInt64(inode.Length), random.Next(8));
            inode.Flip(offset, bit);
            Damaged.Add((path, () => inode.Restore(offset, bit)));
            world.Trace.Note($"bit {bit} of byte {offset} of {path} changes");
        }
    }

    // A later segment that a start would remove again proves nothing: only one whose first records are durable does.
    private bool IsClosedLog(string path) => path.EndsWith(".log", StringComparison.Ordinal)
        && world.Disk.Files.Any(other => other.Key.EndsWith(".log", StringComparison.Ordinal)
            && Path.GetDirectoryName(other.Key) == Path.GetDirectoryName(path)
            && string.CompareOrdinal(other.Key, path) > 0 && other.Value.Durable.Length > 64);

    private Task RetainAsync()
    {
        string topic = random.Next(2) == 0 ? "payments" : "logins";
        var partition = new TopicPartition(topic, random.Next(world.Plan.Partitions));
        if (world.MayKill && world.Current is { IsUp: true } process && random.Next(2) == 0)
        {
            // While nobody reads, retention overtakes the readers.
            world.Kill(process, "before retention", isFault: true);
        }

        world.SharedLog.Retain(partition);
        world.Trace.Note($"retention takes the beginning of {partition.Topic}/{partition.Partition}");
        return Task.CompletedTask;
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
