using System.Collections.Immutable;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Core.Model;

namespace ContextGrid.Core.Queries;

/// <summary>
/// Which features a query wants, resolved once against a plan: also what must be read for them. Immutable; keep and
/// reuse it for queries that ask the same.
/// </summary>
public sealed class FeatureSelection
{
    private FeatureSelection(EntityPlan plan, ImmutableArray<string> names, ImmutableArray<int> features)
    {
        Plan = plan;
        Names = names;
        Features = features;
        IsAll = features.SequenceEqual(plan.Features.Select(f => f.Index));
        bool[] needed = new bool[plan.Features.Length];
        foreach (int feature in features)
        {
            Need(plan, feature, needed);
        }

        Aggregates = [.. plan.Features.Where(f => needed[f.Index] && f.Event >= 0).Select(f => f.Index)];
        Derived = [.. plan.EvaluationOrder.Where(f => needed[f])];
        Windows = new bool[plan.Events.Length][];
        for (int e = 0; e < Windows.Length; e++)
        {
            Windows[e] = new bool[plan.Events[e].Windows.Length];
        }

        bool[] runs = Running(plan);
        Runs = [.. features.Select(f => f >= 0 && runs[f])];
        HasRunningConditions = features.Any(f => f >= 0 && runs[f] && IsStep(plan.Features[f].Definition.Type));
        foreach (int feature in Aggregates)
        {
            Windows[plan.Features[feature].Event][plan.Features[feature].Window] = true;
        }
    }

    /// <summary>The plan it is for.</summary>
    public EntityPlan Plan { get; }

    /// <summary>The wanted names, in the order of the answer.</summary>
    public ImmutableArray<string> Names { get; }

    /// <summary>The wanted features' indexes; −1 where the type has none of that name.</summary>
    public ImmutableArray<int> Features { get; }

    /// <summary>Whether it is every feature of the type, in the order of the definition.</summary>
    public bool IsAll { get; }

    /// <summary>
    /// Of each wanted feature whether its value runs with the head, as <c>since_last</c> does and what is derived from
    /// it, instead of changing at moments.
    /// </summary>
    public ImmutableArray<bool> Runs { get; }

    /// <summary>
    /// Whether a wanted feature that runs with the head changes in steps all the same: a condition, which holds from
    /// some moment on, or a text.
    /// </summary>
    public bool HasRunningConditions { get; }

    /// <summary>The aggregates that must be read.</summary>
    internal int[] Aggregates { get; }

    /// <summary>The derived features that must be computed, each after its inputs.</summary>
    internal int[] Derived { get; }

    /// <summary>By event and window: whether the window must be read.</summary>
    internal bool[][] Windows { get; }

    /// <summary>All features of a type, in the order of its definition.</summary>
    public static FeatureSelection All(EntityPlan plan) => new(
        plan,
        [.. plan.Features.Select(f => f.Definition.Name)],
        [.. plan.Features.Select(f => f.Index)]);

    /// <summary>The named features; a name that the type does not have is answered as an unknown feature.</summary>
    public static FeatureSelection Of(EntityPlan plan, ImmutableArray<string> names) =>
        new(plan, names, [.. names.Select(plan.FeatureOf)]);

    private static bool IsStep(ValueKind type) => type is ValueKind.Bool or ValueKind.String;

    private static bool[] Running(EntityPlan plan)
    {
        bool[] runs = new bool[plan.Features.Length];
        foreach (FeaturePlan feature in plan.Features)
        {
            runs[feature.Index] =
                feature.Definition is AggregateFeature { Aggregate.Kind: AggregateKind.SinceLast };
        }

        foreach (int derived in plan.EvaluationOrder)
        {
            runs[derived] = plan.Features[derived].Inputs.Any(i => runs[i]);
        }

        return runs;
    }

    private static void Need(EntityPlan plan, int feature, bool[] needed)
    {
        if (feature < 0 || needed[feature])
        {
            return;
        }

        needed[feature] = true;
        foreach (int input in plan.Features[feature].Inputs)
        {
            Need(plan, input, needed);
        }
    }
}
