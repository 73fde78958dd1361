using System.Collections.Immutable;
using ContextGrid.Simulation.Tests.Cluster;
using ContextGrid.Simulation.Tests.Machine;
using ContextGrid.Simulation.Tests.Truth;

namespace ContextGrid.Simulation.Tests.World;

/// <summary>
/// Runs the product's ingestion, log, checkpoints, recovery and queries in a simulated world with faults, then lets
/// the world heal, and compares everything with the truth. The legal faults and their probabilities are listed in
/// <see cref="Faults"/>.
/// </summary>
internal static class SimulationRun
{
    /// <summary>Runs one seed.</summary>
    /// <returns>Null when everything held; else what did not, and the trace up to there.</returns>
    public static SimulationReport Run(SimulationOptions options)
    {
        var world = new SimulatedWorld(options);
        try
        {
            var end = new TaskCompletionSource();
            world.Outside.Post(_ => _ = WatchAsync(LiveAsync(world, end), end, isLast: true), null);
            world.Scheduler.RunUntil(end.Task);
            return new SimulationReport(options, null, world.Trace.Lines, world.Scheduler.Steps);
        }
        catch (Exception e)
        {
            string what = e is SimulationFailure ? e.Message : e.ToString();
            return new SimulationReport(options, what, world.Trace.Lines, world.Scheduler.Steps);
        }
        finally
        {
            world.Cluster?.Alive.ToList().ForEach(m => m.Process.Kill());
            world.Current?.Kill();
        }
    }

    // Whatever fails ends the run.
    private static async Task WatchAsync(Task task, TaskCompletionSource end, bool isLast)
    {
        try
        {
            await task;
            if (isLast)
            {
                end.TrySetResult();
            }
        }
        catch (Exception e)
        {
            end.TrySetException(e);
        }
    }

    private static Task LiveAsync(SimulatedWorld world, TaskCompletionSource end) => world.Cluster is { } cluster
        ? new ClusterRun(world, cluster, task => _ = WatchAsync(task, end, isLast: false)).LiveAsync()
        : LiveAloneAsync(world, end);

    private static async Task LiveAloneAsync(SimulatedWorld world, TaskCompletionSource end)
    {
        world.Trace.Note($"{(world.Plan.IsShared ? "shared log and store" : "one disk")}, faults: {world.Plan.Faults}");
        var saboteur = new Saboteur(world, new Random(world.Random.Next()));
        var keeper = new Operator(world, new Random(world.Random.Next()), saboteur);
        var early = new Asker(world, new Random(world.Random.Next()));
        world.Started = process => _ = WatchAsync(early.AskEarlyAsync(process), end, isLast: false);
        world.StartProcess();
        Task sabotage = saboteur.RunAsync(), keeping = keeper.RunAsync();
        _ = WatchAsync(sabotage, end, isLast: false);
        _ = WatchAsync(keeping, end, isLast: false);
        IEnumerable<Task> clients = Enumerable.Range(1, world.Plan.Publishers)
            .Select(i => new Producer(world, new Random(world.Random.Next()), i).RunAsync())
            .Append(new Asker(world, new Random(world.Random.Next())).RunAsync());
        await Task.WhenAll(clients.ToArray());
        saboteur.Stop();
        await sabotage;
        world.Trace.Note("the sabotage has ended");
        await HealAsync(world);
        world.Reconcile();
        await FinalCheck.RunAsync(world, world.Current, new Asker(world, world.Random));
        if (world.Plan.Has(Faults.BitFlip))
        {
            // Whoever asks about the past now reads damaged files: he gets an error or the truth.
            saboteur.Damage.Flip();
            await FinalCheck.PastAsync(world, world.Current, new Asker(world, world.Random), mayFail: true);
            saboteur.Damage.Restore();
        }

        if (world.Random.Next(3) == 0)
        {
            await StopAndStartAsync(world);
            await FinalCheck.RunAsync(world, world.Current, new Asker(world, world.Random));
        }

        keeper.Stop();
        await keeping;
    }

    // With no faults left, the operator needs minutes until everything is applied and durable; hours where a slow store
    // and the least memory meet.
    private static async Task HealAsync(SimulatedWorld world)
    {
        for (int i = 0; i < 7200; i++)
        {
            await Task.Delay(TimeSpan.FromSeconds(2), world.Clock);
            if (world.Current is { IsUp: true, Host: { } host } && host.WhyNotReady(world.ServerNowMs) is null
                && host.Progress.All(p => p.Lag == 0 && p.Next >= world.Truth.EndOf(p.Partition))
                && host.CheckpointFault is null && !host.Failed.IsFaulted)
            {
                return;
            }
        }

        SimulatedProcess? process = world.Current;
        throw new SimulationFailure(
            "it does not recover: "
            + (process?.StartError?.ToString() ?? process?.Host?.WhyNotReady(world.ServerNowMs)
                ?? process?.Host?.CheckpointFault ?? "it is behind"));
    }

    private static async Task StopAndStartAsync(SimulatedWorld world)
    {
        SimulatedProcess process = world.Current ?? throw new SimulationFailure("there is no process");
        world.Trace.Note($"process {process.Number} is asked to stop");
        await process.CallAsync(
            async host =>
            {
                await host.DisposeAsync();
                return true;
            },
            TimeSpan.FromMinutes(10),
            world.Clock);
        world.Kill(process, "after it stopped");
        if (world.Plan.Has(Faults.PowerLoss) && !world.Plan.IsShared)
        {
            world.Disk.LosePower();
        }

        world.Reconcile();
        world.StartProcess();
        await HealAsync(world);
    }
}

/// <summary>How a run went.</summary>
/// <param name="Options">What was run.</param>
/// <param name="Failure">What did not hold; null: everything held.</param>
/// <param name="Trace">What happened.</param>
/// <param name="Steps">How many pieces of code ran.</param>
internal sealed record SimulationReport(
    SimulationOptions Options, string? Failure, IReadOnlyList<string> Trace, long Steps);
