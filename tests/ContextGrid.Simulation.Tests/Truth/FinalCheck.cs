using System.Collections.Immutable;
using System.Globalization;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Simulation.Tests.Machine;
using ContextGrid.Simulation.Tests.World;

namespace ContextGrid.Simulation.Tests.Truth;

/// <summary>What must hold when the world has healed.</summary>
internal static class FinalCheck
{
    /// <summary>Asks a process for everything, and compares this and all earlier answers with the truth.</summary>
    public static async Task RunAsync(SimulatedWorld world, SimulatedProcess? process, Asker asker)
    {
        EmbeddedHost[] hosts = world.Cluster is { } cluster
            ? [.. cluster.Serving.Select(m => m.Process.Host).OfType<EmbeddedHost>()]
            : [process?.Host ?? throw new SimulationFailure("no host")];
        var everything = new Question { What = "", Entities = SimulatedKeys.All };
        ImmutableArray<RecordedAnswer> answers = await asker.AskAsync(process, everything);
        var fold = new TrueFold(world.Truth, world.Made);
        var ages = new AgeCheck(world, world.Truth);
        foreach (RecordedAnswer answer in world.Answers)
        {
            AnswerCheck.AgainstFold(answer, fold, world.Slack.TotalMilliseconds);
            ages.Run(answer);
            TrueGaps.Check(world, answer);
        }

        if (world.Cluster is not null)
        {
            BackCheck.Run(world.Answers.Where(a => !a.Question.IsOutOfStep));
        }

        world.Answers.Clear();
        PartitionProgress[] progress = [.. hosts.SelectMany(h => h.Progress)];
        bool isGap = progress.Any(p => !p.Gaps.IsEmpty);
        foreach (RecordedAnswer answer in answers)
        {
            if (!isGap)
            {
                AnswerCheck.Values(answer, fold.OracleOf(answer.Type, answer.Key, _ => true));
            }
            else
            {
                BetweenGapsAndAll(answer, fold, progress);
            }
        }

        for (int type = 0; type < SimulatedDefinitions.Plans.Length && !isGap; type++)
        {
            (long said, long right) = (hosts.Sum(h => h.Grid.CountEntities(type)), fold.CountEntities(type));
            if (said != right)
            {
                string name = SimulatedDefinitions.Plans[type].Definition.Name;
                throw new SimulationFailure($"{said} entities of type {name} are counted, and there are {right}");
            }
        }

        DeadLetters(world, fold, progress);
        if (!world.Plan.Has(Faults.Retention))
        {
            await PastAsync(world, process, asker, mayFail: false);
        }
    }

    /// <summary>Asks about moments in between, which the whole log answers.</summary>
    public static async Task PastAsync(
        SimulatedWorld world, SimulatedProcess? process, Asker asker, bool mayFail)
    {
        var fold = new TrueFold(world.Truth, world.Made);
        long[] times = [.. fold.Fates.Values.Where(f => f.Fate == Fate.Counts).Select(f => f.Event.TimeMs).Order()];
        foreach ((int type, string key) in SimulatedKeys.All.Where(k => k.Key is "u1" or "d1"))
        {
            long headMs = times.Length == 0 ? 0 : times[world.Random.Next(times.Length)];
            try
            {
                RecordedAnswer answer = await asker.AskPastAsync(process, type, key, headMs);
                AnswerCheck.Values(answer, fold.OracleOf(type, key, _ => true));
            }
            catch (Exception e) when (mayFail
                && e is EventLogException { Error: EventLogError.Corrupt } or CheckpointCorruptException)
            {
                world.Trace.Note($"asked about the past: {e.Message}");
            }
        }
    }

    // What was in a gap may be in the state, when it was applied before retention took it and a later start had to
    // forget how far it was; what was not in one must be. Only the newest gaps are kept, so that before the first one
    // nothing is certain when there are so many.
    private static void BetweenGapsAndAll(RecordedAnswer answer, TrueFold fold, PartitionProgress[] progress)
    {
        foreach ((string name, string feature) in new[] { ("payment", "payments"), ("login", "logins") })
        {
            var events = fold.EventsOf(answer.Type, answer.Key)
                .Where(e => e.Fate == Fate.Counts && e.Event.Name == name).ToList();
            long all = events.Count, told = events.Count(e => !IsInGap(progress, e.Partition, e.Offset));
            long counted = answer.Values.FirstOrDefault(v => v.Name == feature).Value is long count ? count : 0;
            if (counted < told || counted > all)
            {
                throw new SimulationFailure(
                    $"{answer.What}: {counted} {feature} count; {all} happened, {all - told} of them are in declared "
                    + "gaps");
            }
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

        foreach (((TopicPartition partition, long offset), TrueEvent e) in fold.Fates)
        {
            bool isKept = kept.Contains((
                partition.Topic, partition.Partition.ToString(CultureInfo.InvariantCulture),
                offset.ToString(CultureInfo.InvariantCulture)));
            if (e.Fate == Fate.Dead && !isKept && !IsInGap(progress, partition, offset))
            {
                throw new SimulationFailure(
                    $"the dead letter of {partition} at offset {offset} is lost: {e.Event.Text}");
            }

            if (e.Fate != Fate.Dead && isKept)
            {
                throw new SimulationFailure(
                    $"{partition} at offset {offset} is good, but a dead letter: {e.Event.Text}");
            }
        }
    }

    private static bool IsInGap(PartitionProgress[] progress, TopicPartition partition, long offset) =>
        progress.Any(p => p.Partition == partition && TrueGaps.MayLack(p.Gaps, offset));
}
