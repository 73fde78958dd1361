using ContextGrid.Runtime.Queries;
using ContextGrid.Simulation.Tests.Machine;
using ContextGrid.Simulation.Tests.World;

namespace ContextGrid.Simulation.Tests.Truth;

/// <summary>
/// Whether the ages that answers say are right: never too fresh, and, where nothing keeps the process from looking, not
/// older than the oldest record that can wait.
/// </summary>
/// <param name="world">The plan, and what may take its time.</param>
/// <param name="truth">The log.</param>
internal sealed class AgeCheck(SimulatedWorld world, LogTruth truth)
{
    private const Faults HeldUp = Faults.Store | Faults.Takeover | Faults.PausedPartitions | Faults.Slow
        | Faults.SlowDisk | Faults.DiskFull | Faults.FlushFails | Faults.ReadFails | Faults.BitFlip
        | Faults.Network | Faults.Cuts | Faults.FalseDeaths | Faults.Moves;

    // Where processes share the partitions, one that is killed was the one that looked.
    private bool IsHeldUp => (world.Plan.Faults & HeldUp) != 0
        || (world.Cluster is not null && world.Plan.Has(Faults.Kill));

    /// <exception cref="SimulationFailure">One is not.</exception>
    public void Run(RecordedAnswer answer)
    {
        // What retention takes before it is read does not wait any more.
        if (world.Plan.Has(Faults.Retention))
        {
            return;
        }

        foreach (SourceReading source in answer.Sources)
        {
            double slackMs = world.Slack.TotalMilliseconds;
            IReadOnlyDictionary<long, TrueRecord> records = truth.RecordsOf(source.Partition);
            double leastMs = records.Values
                .Where(r => r.Offset >= source.Next && r.KnownMs <= answer.Question.AskedMs)
                .Select(r => answer.Question.AskedMs - r.KnownMs - slackMs).DefaultIfEmpty(0).Max();

            Require(
                answer, source, source.LagMs >= leastMs, $"a record has waited for {leastMs} ms and more");

            // Those that wait are not older than the last one that was applied.
            long[] oldest =
            [
                .. records.Values.Where(r => r.Offset < source.Next).TakeLast(1).Select(r => r.TimeMs),
                .. records.Values.Where(r => r.Offset >= source.Next).Select(r => r.TimeMs),
            ];
            long mostMs = source.Lag == 0 ? 0
                : answer.AnsweredMs + answer.Question.SkewMs - oldest.DefaultIfEmpty(0).Min();
            Require(
                answer, source, IsHeldUp || source.LagMs <= mostMs + slackMs,
                $"nothing can have waited for more than {mostMs} ms");
        }
    }

    private static void Require(RecordedAnswer answer, SourceReading source, bool holds, string what)
    {
        if (!holds)
        {
            throw new SimulationFailure(
                $"{answer.What}: {source.Partition} is said to be {source.LagMs} ms behind, {source.Lag} records from "
                + $"{source.Next} on, but {what}");
        }
    }
}
