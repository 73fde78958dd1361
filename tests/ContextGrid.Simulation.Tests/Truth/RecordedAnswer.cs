using System.Collections.Immutable;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Core.Queries;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;
using ContextGrid.TestKit.Oracle;

namespace ContextGrid.Simulation.Tests.Truth;

/// <summary>An answer as a client got it.</summary>
/// <param name="What">What was asked, for messages.</param>
/// <param name="Type">The entity type's place among the plans.</param>
/// <param name="Key">The entity.</param>
/// <param name="HeadMs">The head of its windows.</param>
/// <param name="Values">Value, status and event time of every feature.</param>
/// <param name="Skipped">How many of the entity's events it says are dead letters.</param>
/// <param name="Applied">The entity's own positions.</param>
/// <param name="Sources">How far every source was said to be applied.</param>
/// <param name="PositionsMin">What the answer had to reflect.</param>
/// <param name="KnownEnds">The ends of the log that clients knew a while before they asked.</param>
internal sealed record RecordedAnswer(
    string What,
    int Type,
    string Key,
    long HeadMs,
    ImmutableArray<(string Name, object? Value, OracleStatus Status, long EventTimeMs, bool IsApproximate)> Values,
    long Skipped,
    ImmutableArray<(TopicPartition Partition, long Offset)> Applied,
    ImmutableArray<SourceReading> Sources,
    ImmutableArray<(TopicPartition Partition, long Offset)> PositionsMin,
    ImmutableArray<(TopicPartition Partition, long End)> KnownEnds)
{
    /// <summary>Whether the answer says of itself that it is being brought back.</summary>
    public bool IsRebuilding => Sources.Any(s => s.IsRebuilding);

    /// <summary>Copies an answer of one entity.</summary>
    public static RecordedAnswer Of(
        string what,
        int type,
        string key,
        ContextQuery query,
        ContextAnswer answer,
        ImmutableArray<(TopicPartition Partition, long End)> knownEnds)
    {
        EntityPlan plan = query.Selections[0].Plan;
        var values = ImmutableArray.CreateBuilder<(string, object?, OracleStatus, long, bool)>();
        for (int i = 0; i < answer.Values(0).Length; i++)
        {
            values.Add((
                query.Selections[0].Names[i],
                CoreValues.FromCore(answer.Values(0)[i]),
                (OracleStatus)answer.Statuses(0)[i],
                answer.EventTimesMs(0)[i],
                (answer.Notes(0)[i] & 1) != 0));
        }

        var applied = ImmutableArray.CreateBuilder<(TopicPartition, long)>();
        foreach (Core.Model.Position position in answer.Positions(0))
        {
            applied.Add((new TopicPartition(plan.Topics[position.TopicIndex], position.Partition), position.Offset));
        }

        return new RecordedAnswer(
            what, type, key, answer.Header(0).HeadMs, values.ToImmutable(),
            answer.Header(0).SkippedEvents, applied.ToImmutable(), [.. answer.Sources], query.PositionsMin, knownEnds);
    }
}
