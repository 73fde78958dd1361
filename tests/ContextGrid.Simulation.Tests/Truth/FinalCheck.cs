using System.Globalization;
using ContextGrid.Core.Definitions;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Simulation.Tests.Machine;
using ContextGrid.Simulation.Tests.World;
using ContextGrid.TestKit.Oracle;

namespace ContextGrid.Simulation.Tests.Truth;

/// <summary>What must hold when the world has healed.</summary>
internal static class FinalCheck
{
    public static async Task RunAsync(SimulatedWorld world, Asker asker)
    {
        var fold = new TrueFold(world.Truth, world.Made);
        foreach (RecordedAnswer answer in world.Answers)
        {
            AnswerCheck.AgainstFold(answer, fold, world.Slack.TotalMilliseconds);
        }

        PartitionProgress[] progress = [.. (world.Current?.Host ?? throw new SimulationFailure("no host")).Progress];
        bool isGap = progress.Any(p => !p.Gaps.IsEmpty);
        for (int type = 0; type < 2; type++)
        {
            for (int i = 0; i < 5; i++)
            {
                string key = $"{(type == 0 ? 'u' : 'd')}{i}";
                RecordedAnswer answer = await asker.AskAsync(world.Current, type, key, []);
                FeatureOracle all = fold.OracleOf(SimulatedDefinitions.Oracles[answer.Type], (_, _) => true);
                if (!isGap)
                {
                    AnswerCheck.Values(answer, all);
                }
                else
                {
                    BetweenGapsAndAll(answer, fold, progress);
                }
            }
        }

        DeadLetters(world, fold, progress);
        if (!world.Plan.Has(Faults.Retention))
        {
            await PastAsync(world, asker, mayFail: false);
        }
    }

    /// <summary>Asks about moments in between, which the whole log answers.</summary>
    public static async Task PastAsync(SimulatedWorld world, Asker asker, bool mayFail)
    {
        var fold = new TrueFold(world.Truth, world.Made);
        long[] times = [.. fold.Fates.Values.Where(f => f.Fate == Fate.Counts).Select(f => f.Event.TimeMs).Order()];
        for (int plan = 0; plan < SimulatedDefinitions.Plans.Length && times.Length > 0; plan++)
        {
            string key = SimulatedDefinitions.Plans[plan].Definition.Name == "user" ? "u1" : "d1";
            long headMs = times[world.Random.Next(times.Length)];
            try
            {
                RecordedAnswer answer = await asker.AskPastAsync(world.Current, plan, key, headMs);
                AnswerCheck.Values(answer, fold.OracleOf(SimulatedDefinitions.Oracles[plan], (_, _) => true));
            }
            catch (Exception e) when (mayFail
                && e is EventLogException { Error: EventLogError.Corrupt } or CheckpointCorruptException)
            {
                world.Trace.Note($"asked about the past: {e.Message}");
            }
        }
    }

    // What was in a gap may be in the state, when it was applied before retention took it and a later start had to
    // forget how far it was; what was not in one must be.
    private static void BetweenGapsAndAll(RecordedAnswer answer, TrueFold fold, PartitionProgress[] progress)
    {
        OracleEntity entity = SimulatedDefinitions.Oracles[answer.Type];
        var payments = fold.PositionsOf(entity, answer.Key).Where(p => p.Partition.Topic == "payments").ToList();
        long all = payments.Count, told = payments.Count(p => !IsInGap(progress, p.Partition, p.Offset));
        long counted = answer.Values.First(v => v.Name == "payments").Value is long count ? count : 0;
        if (counted < told || counted > all)
        {
            throw new SimulationFailure(
                $"{answer.What}: {counted} payments count; {all} happened, {all - told} of them are in declared gaps");
        }
    }

    private static void DeadLetters(SimulatedWorld world, TrueFold fold, PartitionProgress[] progress)
    {
        var kept = new HashSet<(string, string, string)>();
        foreach (TrueRecord letter in world.Truth.RecordsOf(new TopicPartition("dead-letters", 0)).Values)
        {
            var headers = LogHeaders.Decode(letter.Headers).ToDictionary(h => h.Key, h => h.Value);
            kept.Add((
                headers["__connect.errors.topic"], headers["__connect.errors.partition"],
                headers["__connect.errors.offset"]));
        }

        foreach (((TopicPartition partition, long offset), (Fate fate, SimulatedEvent e)) in fold.Fates)
        {
            bool isKept = kept.Contains((
                partition.Topic, partition.Partition.ToString(CultureInfo.InvariantCulture),
                offset.ToString(CultureInfo.InvariantCulture)));
            if (fate == Fate.Dead && !isKept && !IsInGap(progress, partition, offset))
            {
                throw new SimulationFailure($"the dead letter of {partition} at offset {offset} is lost: {e.Text}");
            }

            if (fate != Fate.Dead && isKept)
            {
                throw new SimulationFailure($"{partition} at offset {offset} is good, but a dead letter: {e.Text}");
            }
        }
    }

    private static bool IsInGap(PartitionProgress[] progress, TopicPartition partition, long offset) => progress
        .First(p => p.Partition == partition).Gaps.Any(g => offset >= g.First && offset <= g.Last);
}
