using System.Diagnostics;
using System.Globalization;

namespace ContextGrid.Simulation.Tests.World;

/// <summary>
/// The command: <c>simulate [--cluster] [--seeds N] [--from S] [--quiet]</c>, or one run with its trace:
/// <c>simulate --from S --faults BITS [--actions PERCENT]</c>.
/// </summary>
internal sealed class SimulationCommand(string[] args)
{
    /// <summary>Runs it.</summary>
    /// <returns>The exit code: 1 when something did not hold.</returns>
    public int Run()
    {
        long seeds = Value("--seeds", 1_000), from = Value("--from", 1);
        if (args.Contains("--faults"))
        {
            return ShowOne(from);
        }

        long started = Stopwatch.GetTimestamp();
        SimulationReport? failure = SimulationRuns.Run(from, seeds, IsCluster, done =>
        {
            if (done % 5_000 == 0)
            {
                Console.WriteLine($"{done} seeds, {done / Stopwatch.GetElapsedTime(started).TotalSeconds:F0} a second");
            }
        });
        if (failure is not null)
        {
            Console.WriteLine(args.Contains("--quiet")
                ? $"Seed {failure.Options.Seed} fails: {failure.Failure}"
                : SimulationRuns.Describe(failure));
            return 1;
        }

        double rate = seeds / Stopwatch.GetElapsedTime(started).TotalSeconds;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{seeds} seeds from {from} hold; {rate:F1} seeds a second on {Environment.ProcessorCount} cores"));
        return 0;
    }

    private int ShowOne(long seed)
    {
        SimulationReport one = SimulationRun.Run(new SimulationOptions(
            seed, (Faults)Value("--faults", (long)Faults.All), (int)Value("--actions", 100), IsCluster));
        Console.WriteLine($"{string.Join('\n', one.Trace)}\n{one.Failure ?? "everything holds"}");
        return one.Failure is null ? 0 : 1;
    }

    private bool IsCluster => args.Contains("--cluster");

    private long Value(string name, long otherwise)
    {
        int at = Array.IndexOf(args, name);
        return at < 0 ? otherwise : long.Parse(args[at + 1], CultureInfo.InvariantCulture);
    }
}
