using System.Collections.Immutable;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Core.Queries;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;
using ContextGrid.Simulation.Tests.World;
using ContextGrid.TestKit.Oracle;

namespace ContextGrid.Simulation.Tests.Truth;

/// <summary>What a client asked, and what it knew by then.</summary>
internal sealed record Question
{
    /// <summary>Names it in messages.</summary>
    public required string What { get; init; }

    /// <summary>The entities: their type's place among the plans, and the key.</summary>
    public required ImmutableArray<(int Type, string Key)> Entities { get; init; }

    /// <summary>Which head the windows have.</summary>
    public QueryHead Head { get; init; } = QueryHead.Newest;

    /// <summary>The point in time, for <see cref="QueryHead.AsOf"/>.</summary>
    public long AsOfMs { get; init; }

    /// <summary>What the answer has to reflect.</summary>
    public ImmutableArray<(TopicPartition Partition, long Offset)> PositionsMin { get; init; } = [];

    /// <summary>The bound on how far sources may be behind; null: none.</summary>
    public TimeSpan? StalenessMax { get; init; }

    /// <summary>The ends of the log that clients knew a while before they asked.</summary>
    public ImmutableArray<(TopicPartition Partition, long End)> KnownEnds { get; init; } = [];

    /// <summary>When it was asked, by the world's clock.</summary>
    public long AskedMs { get; init; }

    /// <summary>The time of the servers' clock minus the world's.</summary>
    public long SkewMs { get; init; }

    /// <summary>Whether the asked process may know less of the cluster than others: it was paused, or called dead.
    /// </summary>
    public bool IsOutOfStep { get; init; }

    /// <summary>Where the log ended when the asked process began its start, and when it was up.</summary>
    public StartedAt? Started { get; init; }
}

/// <summary>Where the log ended around a start.</summary>
/// <param name="First">When the start began.</param>
/// <param name="Last">When the host was up.</param>
internal sealed record StartedAt(
    IReadOnlyDictionary<TopicPartition, long> First, IReadOnlyDictionary<TopicPartition, long> Last);

/// <summary>An answer about one entity as a client got it.</summary>
/// <param name="Question">What was asked.</param>
/// <param name="Type">The entity type's place among the plans.</param>
/// <param name="Key">The entity.</param>
/// <param name="HeadMs">The head of its windows.</param>
/// <param name="Values">Value, status and event time of every feature.</param>
/// <param name="Applied">The entity's own positions.</param>
/// <param name="Sources">How far every source of the type was said to be applied.</param>
internal sealed record RecordedAnswer(
    Question Question,
    int Type,
    string Key,
    long HeadMs,
    ImmutableArray<(string Name, object? Value, int Status, long EventTimeMs, bool IsApproximate)> Values,
    ImmutableDictionary<TopicPartition, long> Applied,
    ImmutableArray<SourceReading> Sources)
{
    /// <summary>Its newest event time; <see cref="OracleAnswer.NoEventMs"/>: never seen.</summary>
    public required long NewestMs { get; init; }

    /// <summary>How many of the entity's events it says are dead letters.</summary>
    public required long Skipped { get; init; }

    /// <summary>Whether it says that events are missing.</summary>
    public required bool IsDegraded { get; init; }

    /// <summary>Whether any source of the whole answer tells of a gap, also one that does not feed this type.
    /// </summary>
    public required bool TellsGaps { get; init; }

    /// <summary>Whether it was rebuilt from the log, as of an earlier moment.</summary>
    public required bool IsPast { get; init; }

    /// <summary>Whether the log no longer had all that such an answer needs.</summary>
    public required bool IsCut { get; init; }

    /// <summary>Whether the bound on staleness did not hold, and how far the sources are behind, as was said.</summary>
    public required (bool IsTooStale, long LagMs) Staleness { get; init; }

    /// <summary>When it came, by the world's clock.</summary>
    public required long AnsweredMs { get; init; }

    /// <summary>Whether the entity could not be asked, as is said.</summary>
    public required bool IsUnreached { get; init; }

    /// <summary>What is asked, for messages.</summary>
    public string What => $"{Question.What} about {Key}";

    /// <summary>Whether the answer says of itself that it is being brought back.</summary>
    public bool IsRebuilding => Sources.Any(s => s.IsRebuilding);

    /// <summary>Whether an event of the entity is in the answer, by the entity's own positions.</summary>
    public bool Has(TrueEvent e) => Applied.GetValueOrDefault(e.Partition, -1) >= e.Offset;

    /// <summary>Copies the answer about one entity of a question.</summary>
    /// <param name="question">The question.</param>
    /// <param name="index">The entity's place in it.</param>
    /// <param name="query">The question as the product has it.</param>
    /// <param name="answer">The answer to all of it.</param>
    /// <param name="outcome">How it went.</param>
    /// <param name="nowMs">The world's time.</param>
    public static RecordedAnswer Of(
        Question question, int index, ContextQuery query, ContextAnswer answer, ContextOutcome outcome, long nowMs)
    {
        FeatureSelection selection = query.Selections[query[index].Selection];
        EntityPlan plan = selection.Plan;
        var values = ImmutableArray.CreateBuilder<(string, object?, int, long, bool)>();
        for (int i = 0; i < answer.Values(index).Length; i++)
        {
            values.Add((
                selection.Names[i],
                CoreValues.FromCore(answer.Values(index)[i]),
                (int)answer.Statuses(index)[i],
                answer.EventTimesMs(index)[i],
                (answer.Notes(index)[i] & 1) != 0));
        }

        var applied = ImmutableDictionary.CreateBuilder<TopicPartition, long>();
        foreach (Core.Model.Position position in answer.Positions(index))
        {
            applied.Add(new TopicPartition(plan.Topics[position.TopicIndex], position.Partition), position.Offset);
        }

        ContextAnswer.EntityHeader header = answer.Header(index);
        (int type, string key) = question.Entities[index];
        return new RecordedAnswer(
            question, type, key, header.HeadMs, values.ToImmutable(), applied.ToImmutable(),
            [.. answer.Sources.Where(s => plan.Topics.Contains(s.Partition.Topic))])
        {
            NewestMs = header.NewestMs,
            Skipped = header.SkippedEvents,
            IsDegraded = answer.IsDegraded(index),
            TellsGaps = answer.Sources.Any(s => !s.Gaps.IsEmpty),
            IsUnreached = answer.Unreached.Exists(u => u.Index == index),
            IsPast = answer.Past.Contains(index),
            IsCut = outcome.Cut.Count > 0,
            Staleness = (outcome.IsTooStale, outcome.LagMs),
            AnsweredMs = nowMs,
        };
    }
}
