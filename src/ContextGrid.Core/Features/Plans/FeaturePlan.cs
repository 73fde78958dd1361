using System.Collections.Immutable;
using ContextGrid.Core.Definitions;

namespace ContextGrid.Core.Features.Plans;

/// <summary>How one feature is read. Immutable.</summary>
/// <param name="Index">Index in the entity's features.</param>
/// <param name="Definition">The feature.</param>
/// <param name="Event">For an aggregate: index in <see cref="EntityPlan.Events"/>; else −1.</param>
/// <param name="Window">For an aggregate: index in <see cref="EventPlan.Windows"/>; else −1.</param>
/// <param name="Cells">For an aggregate: the group's accumulators that it needs, in the aggregate's order.</param>
/// <param name="Inputs">For a derived feature: the features that it reads; else empty.</param>
public sealed record FeaturePlan(
    int Index,
    FeatureDefinition Definition,
    int Event,
    int Window,
    ImmutableArray<int> Cells,
    ImmutableArray<int> Inputs);
