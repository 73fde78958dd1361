using System.Collections.Immutable;
using ContextGrid.Core.Expressions;

namespace ContextGrid.Core.Definitions;

/// <summary>In which order an entity's features are computed.</summary>
public static class FeatureOrder
{
    /// <summary>
    /// Indexes of all features: first the aggregates in the order of the file, then the derived features, each after
    /// the features that it reads. A function of the definition alone.
    /// </summary>
    /// <exception cref="ArgumentException">
    /// Derived features form a cycle, which the reader of definitions refuses.
    /// </exception>
    public static ImmutableArray<int> Sort(EntityDefinition entity)
    {
        var cycles = new List<int[]>();
        int[][] needs = [.. entity.Features.Select(
            f => f is DerivedFeature derived ? SlotExpression.SlotsOf(derived.Expression) : [])];
        ImmutableArray<int> order = TopologicalOrder.Sort(needs, cycles);
        if (cycles.Count > 0)
        {
            string path = string.Join(" → ", cycles[0].Select(i => entity.Features[i].Name));
            throw new ArgumentException($"The derived features form a cycle: {path}.", nameof(entity));
        }

        return [.. order.Where(i => entity.Features[i] is AggregateFeature).Order(),
            .. order.Where(i => entity.Features[i] is DerivedFeature)];
    }
}
