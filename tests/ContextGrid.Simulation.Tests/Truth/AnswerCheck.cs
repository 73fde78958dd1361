using System.Collections.Immutable;
using ContextGrid.Core.Queries;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;
using ContextGrid.Simulation.Tests.Machine;
using ContextGrid.Simulation.Tests.World;
using ContextGrid.TestKit.Oracle;

namespace ContextGrid.Simulation.Tests.Truth;

/// <summary>Whether an answer was honest: never fresher nor more complete than the truth.</summary>
internal static class AnswerCheck
{
    /// <summary>Checks what an answer says of its sources against what the log holds for sure.</summary>
    /// <exception cref="SimulationFailure">It was not honest.</exception>
    public static void AgainstLog(RecordedAnswer answer, LogTruth truth)
    {
        foreach (SourceReading source in answer.Sources)
        {
            Require(
                answer, source.Next <= truth.EndOf(source.Partition),
                $"{source.Partition} is said to be applied up to {source.Next}, but the log ends at "
                + $"{truth.EndOf(source.Partition)}");
        }
    }

    /// <summary>Checks an answer's values against the fold of exactly the records that it says to reflect.</summary>
    /// <param name="answer">The answer.</param>
    /// <param name="fold">The fold.</param>
    /// <param name="longAgoMs">How old the known ends are that an answer has to know or to allow for.</param>
    /// <exception cref="SimulationFailure">It was not honest.</exception>
    public static void AgainstFold(RecordedAnswer answer, TrueFold fold, double longAgoMs)
    {
        Completeness(answer, fold);
        Rebuilding(answer);
        Head(answer);
        foreach ((TopicPartition partition, long offset) in answer.Question.PositionsMin
            .Where(p => answer.Sources.Any(s => s.Partition == p.Partition)))
        {
            Require(
                answer, answer.Sources.Any(s => s.Partition == partition && s.Next > offset),
                $"it had to reflect {partition} up to {offset}");
        }

        foreach ((TopicPartition partition, long end) in answer.Question.KnownEnds)
        {
            SourceReading source = answer.Sources.FirstOrDefault(s => s.Partition == partition);
            Require(
                answer,
                source.Partition.Topic is null || source.Next + source.Lag >= end || source.LagMs >= longAgoMs,
                $"{partition} is said to end at {source.Next + source.Lag}, but {end} was known long before");
        }

        (bool isTooStale, long lagMs) = answer.Staleness;
        Require(
            answer,
            isTooStale == (answer.Question.StalenessMax is { } most && lagMs > most.TotalMilliseconds)
                && lagMs >= answer.Sources.Select(s => s.LagMs).DefaultIfEmpty(0).Max(),
            $"its sources are {lagMs} ms behind, and it is called {(isTooStale ? "" : "not ")}too stale");
        Require(
            answer, answer.IsDegraded == (answer.Skipped > 0 || answer.TellsGaps),
            $"it is called {(answer.IsDegraded ? "" : "not ")}degraded");
        if (answer.Sources.All(s => s.Gaps.IsEmpty) && !answer.IsCut)
        {
            FeatureOracle oracle = fold.OracleOf(answer.Type, answer.Key, answer.Has);
            Values(answer, oracle);
            if (!answer.IsPast)
            {
                Degraded(answer, fold);
            }
        }
    }

    /// <summary>Checks all values against an oracle.</summary>
    /// <exception cref="SimulationFailure">One is wrong.</exception>
    public static void Values(RecordedAnswer answer, FeatureOracle oracle)
    {
        var answers = answer.Values.ToDictionary(v => v.Name);

        // Of several entities those are marked whose shards are brought back; alone, a process brings back all.
        bool isMarked = answer.Question.Started is not null || answer.Question.Entities.Length == 1
            ? answer.IsRebuilding && !answer.IsPast
            : answer.Values.Any(v => v.Status == (int)FeatureStatus.Rebuilding);
        var found = new Dictionary<string, OracleAnswer>();
        foreach (OracleFeature feature in oracle.Entity.Features)
        {
            OracleAnswer right = feature.IsDerived
                ? oracle.Derive(answer.Key, feature, answer.HeadMs, name => found[name])
                : oracle.Ask(answer.Key, feature, answer.HeadMs);
            var value = answers[feature.Name];
            Require(
                answer, !isMarked || value.Status == (int)FeatureStatus.Rebuilding,
                $"{feature.Name} is {(FeatureStatus)value.Status}, and its sources are being brought back");

            // The mark stands where the status would, so only the value is left to be compared.
            found[feature.Name] = new OracleAnswer(
                value.Value, isMarked ? right.Status : (OracleStatus)value.Status, value.EventTimeMs, default)
            {
                IsApproximate = value.IsApproximate,
            };
            string? difference = oracle.Difference(
                answer.Key, feature, answer.HeadMs, right, found[feature.Name]);
            Require(answer, difference is null, $"{feature.Name}: {difference}");
        }

        if (!answer.IsPast)
        {
            long newestMs = oracle.NewestMs(answer.Key) ?? OracleAnswer.NoEventMs;
            Require(
                answer, answer.NewestMs == newestMs, $"its newest event is at {answer.NewestMs}; right is {newestMs}");
        }
    }

    // What the sources say to be applied is in the entity, and in the past what was in the log at the start as well. Of
    // a gap nothing is promised but that it is told.
    private static void Completeness(RecordedAnswer answer, TrueFold fold)
    {
        foreach (TrueEvent e in fold.EventsOf(answer.Type, answer.Key))
        {
            SourceReading source = answer.Sources.FirstOrDefault(s => s.Partition == e.Partition);
            long next = answer.IsPast && answer.Question.Started is { } started
                ? Math.Max(source.Next, started.First.GetValueOrDefault(e.Partition))
                : source.Next;
            bool isLater = answer.IsPast && (e.Fate == Fate.Dead || e.Event.TimeMs > answer.HeadMs);
            bool isTold = e.Offset >= next || TrueGaps.MayLack(source.Gaps, e.Offset);
            Require(
                answer, isTold || isLater || answer.IsCut || answer.Has(e),
                $"{e.Partition} is said to be applied up to {next}, but offset {e.Offset} is not in the entity");
        }
    }

    // Until what was in the log at the start is applied, and not longer.
    private static void Rebuilding(RecordedAnswer answer)
    {
        foreach (SourceReading source in answer.Sources)
        {
            long first = answer.Question.Started?.First.GetValueOrDefault(source.Partition) ?? 0;
            long last = answer.Question.Started?.Last.GetValueOrDefault(source.Partition) ?? long.MaxValue;
            Require(
                answer, source.IsRebuilding || source.Next >= first,
                $"{source.Partition} is applied up to {source.Next}, the log ended at {first} when the process "
                + "started, and it is not said that it is being brought back");
            Require(
                answer, !source.IsRebuilding || source.Next < last,
                $"{source.Partition} is applied up to {source.Next}, the log ended at {last} when the process "
                + "was up, and it is said that it is being brought back");
        }
    }

    private static void Head(RecordedAnswer answer)
    {
        long aheadMs = SimulatedDefinitions.Plans[answer.Type].AheadMs, leastMs = answer.NewestMs - aheadMs;
        (long fromMs, long toMs) =
            (answer.Question.AskedMs + answer.Question.SkewMs, answer.AnsweredMs + answer.Question.SkewMs);
        bool isNever = answer.NewestMs == OracleAnswer.NoEventMs;
        Require(
            answer,
            answer.Question.Head switch
            {
                QueryHead.AsOf => answer.HeadMs == answer.Question.AsOfMs,
                QueryHead.Newest when !isNever => answer.HeadMs == answer.NewestMs,
                _ => answer.HeadMs >= fromMs && (answer.HeadMs <= toMs || (!isNever && answer.HeadMs == leastMs)),
            },
            $"its head is {answer.HeadMs}, asked between {fromMs} and {toMs} for {answer.Question.Head} "
            + $"({answer.Question.AsOfMs}), its newest event is at {answer.NewestMs}");
    }

    private static void Degraded(RecordedAnswer answer, TrueFold fold)
    {
        long skipped = fold.EventsOf(answer.Type, answer.Key).Count(e => e.Fate == Fate.Dead && answer.Has(e));
        Require(
            answer, answer.Skipped == skipped,
            $"{answer.Skipped} of its events are said to be dead letters, and {skipped} are");
    }

    private static void Require(RecordedAnswer answer, bool holds, string what)
    {
        if (!holds)
        {
            IEnumerable<string> positions =
                answer.Applied.Select(a => $"{a.Key.Topic}/{a.Key.Partition}@{a.Value}").Order(StringComparer.Ordinal);
            throw new SimulationFailure($"{answer.What}: {what}. Its positions: {string.Join(", ", positions)}");
        }
    }
}
