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
        OracleEntity entity = SimulatedDefinitions.Oracles[answer.Type];
        var applied = answer.Applied.ToDictionary(a => a.Partition, a => a.Offset);
        foreach ((TopicPartition partition, long offset) in fold.PositionsOf(entity, answer.Key))
        {
            // Of a gap nothing is promised but that it is told.
            SourceReading source = answer.Sources.FirstOrDefault(s => s.Partition == partition);
            bool isTold = offset >= source.Next || source.Gaps.Any(g => offset >= g.First && offset <= g.Last);
            Require(
                answer, isTold || applied.GetValueOrDefault(partition, -1) >= offset,
                $"{partition} is said to be applied up to {source.Next}, but offset {offset} is not in the entity");
        }

        foreach ((TopicPartition partition, long offset) in answer.PositionsMin
            .Where(p => answer.Sources.Any(s => s.Partition == p.Partition)))
        {
            Require(
                answer, answer.Sources.Any(s => s.Partition == partition && s.Next > offset),
                $"it had to reflect {partition} up to {offset}");
        }

        foreach ((TopicPartition partition, long end) in answer.KnownEnds)
        {
            SourceReading source = answer.Sources.FirstOrDefault(s => s.Partition == partition);
            Require(
                answer,
                source.Partition.Topic is null || source.Next + source.Lag >= end || source.LagMs >= longAgoMs,
                $"{partition} is said to end at {source.Next + source.Lag}, but {end} was known long before");
        }

        if (!answer.IsRebuilding && answer.Sources.All(s => s.Gaps.IsEmpty))
        {
            FeatureOracle oracle = fold.OracleOf(
                entity, (partition, offset) => applied.GetValueOrDefault(partition, -1) >= offset);
            Values(answer, oracle);
            (long least, long most) = fold.SkippedOf(
                entity, answer.Key, (partition, offset) => applied.GetValueOrDefault(partition, -1) >= offset);
            Require(
                answer, answer.Skipped >= least && answer.Skipped <= most,
                $"{answer.Skipped} of its events are said to be dead letters, and {least} to {most} are");
        }
    }

    /// <summary>Checks all values against an oracle.</summary>
    /// <exception cref="SimulationFailure">One is wrong.</exception>
    public static void Values(RecordedAnswer answer, FeatureOracle oracle)
    {
        var answers = answer.Values.ToDictionary(v => v.Name);
        foreach (OracleFeature feature in oracle.Entity.Features)
        {
            OracleAnswer right = feature.IsDerived
                ? oracle.Derive(answer.Key, feature, answer.HeadMs, AnswerOf)
                : oracle.Ask(answer.Key, feature, answer.HeadMs);
            string? difference = oracle.Difference(
                answer.Key, feature, answer.HeadMs, right, AnswerOf(feature.Name));
            Require(answer, difference is null, $"{feature.Name}: {difference}");
        }

        OracleAnswer AnswerOf(string name) =>
            new(answers[name].Value, answers[name].Status, answers[name].EventTimeMs, default)
            {
                IsApproximate = answers[name].IsApproximate,
            };
    }

    private static void Require(RecordedAnswer answer, bool holds, string what)
    {
        if (!holds)
        {
            IEnumerable<string> positions =
                answer.Applied.Select(a => $"{a.Partition.Topic}/{a.Partition.Partition}@{a.Offset}");
            throw new SimulationFailure($"{answer.What}: {what}. Its positions: {string.Join(", ", positions)}");
        }
    }
}
