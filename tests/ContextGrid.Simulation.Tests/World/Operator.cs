using ContextGrid.Runtime.Embedded;
using ContextGrid.Simulation.Tests.Machine;
using ContextGrid.Simulation.Tests.Truth;

namespace ContextGrid.Simulation.Tests.World;

/// <summary>Starts what is down, restarts what says that it needs it, and restores what is damaged.</summary>
internal sealed class Operator(SimulatedWorld world, Random random, Saboteur saboteur)
{
    private readonly FlushCheck _flushes = new(world);
    private bool _ends;
    private string? _damagedManifest;
    private int _unwell;
    private long _applied;

    public async Task RunAsync()
    {
        while (!_ends)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(100, 8_000)), world.Clock);
            Look();
        }
    }

    public void Stop() => _ends = true;

    // A merge reads many parts of blobs, and what waits for memory waits for it. With the least memory each record of
    // a batch waits for a checkpoint, and progress shows only behind the batch.
    private double PatienceSeconds =>
        12 + (world.Slack + (world.Store.ReadMax * 300) + (world.Plan.CheckpointInterval * 30)).TotalSeconds;

    /// <summary>Starts a process if there is none that can serve.</summary>
    public void Look()
    {
        SimulatedProcess? process = world.Current;
        if (process is null)
        {
            world.StartProcess();
        }
        else if (process.Context.IsPaused)
        {
            // Nobody can tell that from a slow one.
        }
        else if (process.StartError is { } error)
        {
            world.Trace.Note($"process {process.Number} did not start: {error.Message}");
            world.Kill(process, "as it did not start");
            Restart();
        }
        else if (process.Context.IsDead)
        {
            Restart();
        }
        else if (process.Host is { } host)
        {
            Examine(process, host);
        }
    }

    private void Examine(SimulatedProcess process, EmbeddedHost host)
    {
        CommitCheck.Run(world, process);
        _flushes.Run(process, host);
        CheckDamageIsNamed(process, host);
        string? why = host.Failed.IsFaulted ? host.Failed.Exception?.InnerException?.Message
            : host.CheckpointFault ?? host.WhyNotReady(world.ServerNowMs);
        long applied = host.Progress.Sum(p => p.Next);
        _unwell = why is null or "stopping" || applied != _applied ? 0 : _unwell + 1;
        _applied = applied;
        bool isDamaged = why?.Contains("Stopped at", StringComparison.Ordinal) ?? false;
        if (why is not null && (host.Failed.IsFaulted || isDamaged || _unwell > PatienceSeconds))
        {
            _unwell = 0;
            world.Trace.Note($"process {process.Number} is not well: {why}");
            world.Kill(process, "by the operator");
            Restart();
        }
        else if (saboteur.Damage.Files.Count > 0 && random.Next(10) == 0)
        {
            saboteur.Damage.Restore();
        }
    }

    // Most of a manifest's bits change no answer, but whoever trusts one that is damaged trusts all of them.
    private void CheckDamageIsNamed(SimulatedProcess process, EmbeddedHost host)
    {
        if (_damagedManifest is { } path && saboteur.Damage.Files.Exists(d => d.Path == path)
            && !host.Recovered.Any(r => r.Contains(Path.GetFileName(path), StringComparison.Ordinal)))
        {
            throw new SimulationFailure(
                $"process {process.Number} started on {path}, which is damaged, and did not say so");
        }

        _damagedManifest = null;
    }

    private void Restart()
    {
        if (world.Plan.Has(Faults.PowerLoss) && !world.Plan.IsShared && random.NextDouble() < 0.6)
        {
            world.Trace.Note("the power was lost");
            world.Disk.LosePower();
        }

        if (saboteur.Damage.Files.Count > 0 && random.Next(2) == 0)
        {
            saboteur.Damage.Restore();
        }

        saboteur.FlipBeforeStart();
        _damagedManifest = saboteur.Damage.DamagedManifest;
        world.Reconcile(saboteur.Damage.Files.Exists(d => d.Path.EndsWith(".log", StringComparison.Ordinal)));
        SimulatedProcess process = world.StartProcess();
        if (world.Plan.Has(Faults.Kill | Faults.KillAtWrite) && random.Next(2) == 0)
        {
            _ = EndSoonAsync(process);
        }
    }

    // What the last end has left undone is seen by now, but not yet durable.
    private async Task EndSoonAsync(SimulatedProcess process)
    {
        await Task.Delay(TimeSpan.FromMilliseconds(random.Next(10_000)), world.Clock);
        if (world.MayKill)
        {
            world.Kill(process, "soon after its start", isFault: true);
        }
    }
}
