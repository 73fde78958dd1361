namespace ContextGrid.Simulation.Tests.World;

/// <summary>Runs many seeds on all cores, and makes a failing one small.</summary>
internal static class SimulationRuns
{
    /// <summary>Runs seeds in parallel; stops at the first failure.</summary>
    /// <param name="from">The first seed.</param>
    /// <param name="count">How many.</param>
    /// <param name="isCluster">Whether several processes share the shards.</param>
    /// <param name="progress">Called with the number of seeds that have run.</param>
    /// <returns>The failure of the smallest failing seed that was found; null: all held.</returns>
    public static SimulationReport? Run(
        long from, long count, bool isCluster = false, Action<long>? progress = null)
    {
        SimulationReport? failure = null;
        long done = 0, next = from - 1;
        Thread[] threads =
        [
            .. Enumerable.Range(0, Environment.ProcessorCount).Select(_ => new Thread(() =>
            {
                while (Volatile.Read(ref failure) is null)
                {
                    long seed = Interlocked.Increment(ref next);
                    if (seed >= from + count)
                    {
                        return;
                    }

                    SimulationReport report = SimulationRun.Run(new SimulationOptions(seed, IsCluster: isCluster));
                    if (report.Failure is not null)
                    {
                        Interlocked.CompareExchange(ref failure, report, null);
                    }

                    progress?.Invoke(Interlocked.Increment(ref done));
                }
            })),
        ];
        Array.ForEach(threads, t => t.Start());
        Array.ForEach(threads, t => t.Join());
        return failure;
    }

    /// <summary>Looks for a smaller run that fails too: without one fault after the other, with less to do.</summary>
    public static SimulationReport Shrink(SimulationReport failing)
    {
        bool isSmaller = true;
        while (isSmaller)
        {
            isSmaller = false;
            SimulationOptions options = failing.Options;
            IEnumerable<SimulationOptions> smaller = Enum.GetValues<Faults>()
                .Where(f => f is not (Faults.None or Faults.All) && (options.Allowed & f) != 0)
                .Select(f => options with { Allowed = options.Allowed & ~f })
                .Append(options with { Actions = options.Actions / 2 });
            foreach (SimulationOptions candidate in smaller)
            {
                SimulationReport report = SimulationRun.Run(candidate);
                if (report.Failure is not null && report.Trace.Count <= failing.Trace.Count)
                {
                    (failing, isSmaller) = (report, candidate.Actions > 1 || candidate.Allowed != options.Allowed);
                    break;
                }
            }
        }

        return failing;
    }

    /// <summary>What a person needs: the seed, what failed, the shortest trace, and how to see it again.</summary>
    public static string Describe(SimulationReport failing)
    {
        SimulationReport small = Shrink(failing);
        long seed = failing.Options.Seed;
        string limits = $"--faults {(int)small.Options.Allowed} --actions {small.Options.Actions}"
            + (small.Options.IsCluster ? " --cluster" : "");
        return $"""
            Seed {seed} fails: {failing.Failure}
            The smallest run of it that fails ({limits}): {small.Failure}
            {string.Join('\n', small.Trace)}
            Again: load-tests/simulate.sh --from {seed} --seeds 1 {limits}
            """;
    }
}
