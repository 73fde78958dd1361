using ContextGrid.Runtime.Ingestion;
using ContextGrid.Simulation.Tests.Machine;

namespace ContextGrid.Simulation.Tests.World;

/// <summary>Makes the faults of the plan happen while producers and askers work.</summary>
internal sealed class Saboteur(SimulatedWorld world, Random random)
{
    private bool _ends;
    private int _poisons;

    /// <summary>Files of which a bit was changed, with what changes it back.</summary>
    public List<(string Path, Action Restore)> Damaged { get; } = [];

    /// <summary>Sabotages until told to stop.</summary>
    public async Task RunAsync()
    {
        Arm();
        while (!_ends)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(10, 30_000)), world.Clock);
            switch (_ends ? -1 : random.Next(7))
            {
                case 0 or 1 when world.Plan.Has(Faults.Kill) && world.MayKill && world.Current is { } process:
                    world.Kill(process, "between two steps", isFault: true);
                    break;
                case 2 when world.Plan.Has(Faults.DiskFull):
                    await FillAsync();
                    break;
                case 3 when world.Plan.Has(Faults.SlowDisk):
                    await SlowDownAsync();
                    break;
                case 4 when world.Plan.Has(Faults.Poison):
                    await PoisonAsync();
                    break;
                case 5 when world.Plan.Has(Faults.BitFlip) && Damaged.Count == 0:
                    Flip();
                    break;
                case 6 when world.Plan.Has(Faults.Retention) && world.Plan.IsShared:
                    Retain();
                    break;
                case 5 or 6 when world.Plan.Has(Faults.Takeover):
                    await TakeOverAsync();
                    break;
            }
        }
    }

    /// <summary>Ends all sabotage.</summary>
    public void Stop()
    {
        _ends = true;
        world.DiskFaults.Ends = 0;
        world.DiskFaults.FlushFails = 0;
        world.DiskFaults.ReadFails = 0;
        world.DiskFaults.ReadIsShort = 0;
        world.Disk.IsFull = false;
        world.Disk.FlushMax = TimeSpan.FromMilliseconds(5);
        world.Store.Fails = 0;
        world.Store.IsUnknown = 0;
        world.SharedLog.Fails = 0;
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

    private void Arm()
    {
        SimulationPlan plan = world.Plan;
        world.DiskFaults.Ends = plan.Has(Faults.KillAtWrite) ? random.NextDouble() * 0.02 : 0;
        world.DiskFaults.FlushFails = plan.Has(Faults.FlushFails) ? random.NextDouble() * 0.02 : 0;
        world.DiskFaults.ReadFails = plan.Has(Faults.ReadFails) ? random.NextDouble() * 0.01 : 0;
        world.DiskFaults.ReadIsShort = plan.Has(Faults.ShortReads) ? 0.3 : 0;
        world.Store.Fails = plan.Has(Faults.Store) ? random.NextDouble() * 0.1 : 0;
        world.Store.IsUnknown = plan.Has(Faults.Store) ? random.NextDouble() * 0.2 : 0;
        world.SharedLog.Fails = plan.Has(Faults.Store) ? random.NextDouble() * 0.05 : 0;
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
        world.Disk.FlushMax = TimeSpan.FromMilliseconds(5);
    }

    private async Task PoisonAsync()
    {
        string trace = $"x{++_poisons}", user = $"u{random.Next(5)}";
        long nowMs = world.Clock.NowMs;
        string start = $$"""{"payment_id":"{{trace}}","ts":{{nowMs}},"user_id":"{{user}}","amount":""";
        SimulatedEvent poison = random.Next(4) switch
        {
            0 => SimulatedEvent.Poison("payment", start + "\"much\"}"),
            1 => SimulatedEvent.Poison("payment", start),
            2 => SimulatedEvent.Poison("login", $$"""{"trace":"{{trace}}","user_id":"{{user}}","ok":true}"""),
            _ => SimulatedEvent.Login(nowMs + 86_400_000, trace, user, ok: true),
        };
        world.Made[poison.Text] = poison;
        LogRecord[] records = [new(-1, nowMs, System.Text.Encoding.UTF8.GetBytes(user), poison.Payload, default)];
        try
        {
            await (world.Current ?? throw new ConnectionLostException()).CallAsync(
                async host =>
                {
                    var positions = new RecordPosition[1];
                    await host.Log.AppendAsync(poison.Topic, records, positions, CancellationToken.None);
                    world.Trace.Note($"poison at {poison.Topic}/{positions[0].Partition}@{positions[0].Offset}");
                    return true;
                },
                TimeSpan.FromSeconds(30),
                world.Clock);
        }
        catch (Exception e) when (e is ConnectionLostException or EventLogException)
        {
            world.Trace.Note($"poison failed: {e.Message}");
        }
    }

    // Only files that are not being written: a bit of the newest commit is no different from a torn write.
    private void Flip()
    {
        string[] logs = [.. world.Disk.Files.Keys.Where(IsClosedLog)];
        string[] blobs =
        [
            .. world.Disk.Files.Keys.Where(f => f.Contains("/checkpoints/segments/") || f.Contains("/manifests/")),
        ];
        string[] candidates = random.Next(2) == 0 && logs.Length > 0 ? logs : blobs;
        if (candidates.Length == 0)
        {
            return;
        }

        string path = candidates[random.Next(candidates.Length)];
        Inode inode = world.Disk.Files[path];
        if (inode.HasPending || inode.Length == 0)
        {
            return;
        }

        long offset = random.NextInt64(inode.Length);
        int bit = random.Next(8);
        inode.Flip(offset, bit);
        Damaged.Add((path, () => inode.Flip(offset, bit)));
        world.Trace.Note($"bit {bit} of byte {offset} of {path} changes");
    }

    private bool IsClosedLog(string path) => path.EndsWith(".log", StringComparison.Ordinal)
        && world.Disk.Files.Keys.Any(other => other.EndsWith(".log", StringComparison.Ordinal)
            && Path.GetDirectoryName(other) == Path.GetDirectoryName(path)
            && string.CompareOrdinal(other, path) > 0);

    private void Retain()
    {
        string topic = random.Next(2) == 0 ? "payments" : "logins";
        var partition = new TopicPartition(topic, random.Next(world.Plan.Partitions));
        world.SharedLog.Retain(partition);
        world.Trace.Note($"retention takes the beginning of {partition.Topic}/{partition.Partition}");
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
        world.Trace.Note($"process {old.Number} wakes up");
        old.Context.Wake();
        await Task.Delay(TimeSpan.FromSeconds(random.Next(1, 60)), world.Clock);
        world.Kill(old, "after it woke up");
    }
}
