using System.Collections.Immutable;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Model;

namespace ContextGrid.Core.Features.Plans;

/// <summary>
/// How one type of entity keeps its state and answers queries: compiled once from the definitions, immutable, shared by
/// all entities of the type.
/// </summary>
public sealed class EntityPlan
{
    private readonly int[] _eventPlanByEvent;
    private readonly int[] _topicOfDefinitions;
    private readonly Dictionary<string, int> _featureByName;

    internal EntityPlan(
        DefinitionSet definitions,
        EntityDefinition definition,
        ImmutableArray<EventPlan> events,
        ImmutableArray<FeaturePlan> features,
        ImmutableArray<int> evaluationOrder)
    {
        Definitions = definitions;
        Definition = definition;
        AheadMs = AheadMsOf(definitions, definition);
        Events = events;
        Features = features;
        EvaluationOrder = evaluationOrder;
        _eventPlanByEvent = new int[definitions.Events.Length];
        Array.Fill(_eventPlanByEvent, -1);
        for (int i = 0; i < events.Length; i++)
        {
            _eventPlanByEvent[events[i].EventIndex] = i;
        }

        Topics =
        [
            .. events.Select(e => definitions.Events[e.EventIndex].Topic)
                .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal),
        ];
        _topicOfDefinitions = [.. definitions.Topics.Select(t => Topics.IndexOf(t))];
        _featureByName = features.ToDictionary(f => f.Definition.Name, f => f.Index, StringComparer.Ordinal);
        ColumnCountMax = events.Length == 0 ? 0 : events.Max(e => e.Columns.Length);
        PredicateCountMax = events.Length == 0 ? 0 : events.Max(e => e.Predicates.Length);
        EmptyBytes = PlanBytes.Empty(this);
    }

    /// <summary>
    /// How far an entity's newest event may be ahead of the clock at which it is read, milliseconds; 0: heads are never
    /// before the newest event. What is newer than that waits outside of tiles, so that each head gets what is up to
    /// it.
    /// </summary>
    public long AheadMs { get; }

    /// <summary>All definitions, which give events and topics their indexes.</summary>
    public DefinitionSet Definitions { get; }

    /// <summary>The type's definition.</summary>
    public EntityDefinition Definition { get; }

    /// <summary>
    /// The topics that the type consumes, in ordinal order. Positions in its entities count topics by this list, so
    /// that state does not depend on what other types consume.
    /// </summary>
    public ImmutableArray<string> Topics { get; }

    /// <summary>One plan for each event that the type consumes, in the order of the definition's sources.</summary>
    public ImmutableArray<EventPlan> Events { get; }

    /// <summary>One plan for each feature, in the order of the definition.</summary>
    public ImmutableArray<FeaturePlan> Features { get; }

    /// <summary>Indexes of the derived features, each after those that it reads.</summary>
    public ImmutableArray<int> EvaluationOrder { get; }

    /// <summary>The most columns that one event has.</summary>
    public int ColumnCountMax { get; }

    /// <summary>The most predicates that one event has.</summary>
    public int PredicateCountMax { get; }

    /// <summary>An estimate of the memory of an entity that has seen nothing.</summary>
    internal long EmptyBytes { get; }

    /// <summary>
    /// The index in <see cref="Events"/> of an event of the definitions; −1: the type does not consume it.
    /// </summary>
    public int EventPlanOf(int eventIndex) => _eventPlanByEvent[eventIndex];

    /// <summary>
    /// A position whose topic counts by the definitions' list, with the topic counted by <see cref="Topics"/>.
    /// </summary>
    public Position Localize(Position position) => new(
        Position.SourceOf(_topicOfDefinitions[position.TopicIndex], position.Partition), position.Offset);

    /// <summary>As <see cref="AheadMs"/>: as much as any of the type's events may be ahead.</summary>
    internal static long AheadMsOf(DefinitionSet definitions, EntityDefinition definition) =>
        definition.Head == HeadRule.Clock
            ? definition.Sources.Select(s => definitions.Events[s.EventIndex].FutureMsMax).DefaultIfEmpty().Max()
            : 0;

    /// <summary>The index of a feature; −1: there is none of that name.</summary>
    public int FeatureOf(string name) => _featureByName.GetValueOrDefault(name, -1);
}
