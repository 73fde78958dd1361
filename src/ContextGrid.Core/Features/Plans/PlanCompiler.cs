using System.Collections.Immutable;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Expressions;
using ContextGrid.Core.Features.Accumulators;
using ContextGrid.Core.Model;

namespace ContextGrid.Core.Features.Plans;

/// <summary>
/// Compiles definitions into plans: equal expressions become one column, equal conditions one predicate, features over
/// the same predicate, category and tile one group, and equal pieces of state in it one accumulator.
/// </summary>
public static class PlanCompiler
{
    /// <summary>Compiles the plan of every entity type, in the order of the definitions.</summary>
    public static ImmutableArray<EntityPlan> Compile(DefinitionSet definitions) =>
        [.. definitions.Entities.Select(entity => Compile(definitions, entity))];

    /// <summary>Compiles the plan of one entity type.</summary>
    public static EntityPlan Compile(DefinitionSet definitions, EntityDefinition entity)
    {
        EventBuilder[] builders = [.. entity.Sources.Select(s => new EventBuilder(s))];
        var features = new FeaturePlan[entity.Features.Length];

        // The layout of the state follows from what the features say, not from their order in the file.
        foreach (int i in Enumerable.Range(0, features.Length)
            .OrderBy(i => FeatureText.Print(definitions, entity, entity.Features[i]), StringComparer.Ordinal))
        {
            features[i] = entity.Features[i] switch
            {
                AggregateFeature aggregate => PlanAggregate(i, aggregate, builders),
                DerivedFeature derived => new FeaturePlan(
                    i, derived, -1, -1, [], [.. SlotExpression.SlotsOf(derived.Expression)]),
                _ => throw new InvalidOperationException($"Feature {entity.Features[i].Name} is of an unknown kind."),
            };
        }

        ImmutableArray<int> order = [.. FeatureOrder.Sort(entity).Where(f => entity.Features[f] is DerivedFeature)];
        bool keepsWaiting = EntityPlan.AheadMsOf(definitions, entity) > 0;
        return new EntityPlan(
            definitions, entity, [.. builders.Select(b => b.Build(keepsWaiting))], [.. features], order);
    }

    private static FeaturePlan PlanAggregate(int index, AggregateFeature feature, EventBuilder[] builders)
    {
        int at = Array.FindIndex(builders, b => b.Source.EventIndex == feature.EventIndex);
        (int window, ImmutableArray<int> cells) = builders[at].Add(feature);
        return new FeaturePlan(index, feature, at, window, cells, []);
    }

    private sealed class EventBuilder(EntitySource source)
    {
        private readonly List<Expression> _columns = [];
        private readonly List<Expression?> _predicates = [null];
        private readonly List<GroupBuilder> _groups = [];
        private readonly List<(GroupBuilder Group, WindowDefinition Window, HashSet<int> Uses)> _windows = [];

        internal EntitySource Source => source;

        internal (int Window, ImmutableArray<int> Cells) Add(AggregateFeature feature)
        {
            AggregateCall call = feature.Aggregate;
            int predicate = feature.Where is null ? 0 : Intern(_predicates, feature.Where);
            int by = feature.By is null ? -1 : Intern(_columns, feature.By);
            int input = call.Input is null ? -1 : Intern(_columns, call.Input);
            int orderBy = call.OrderBy is null ? -1 : Intern(_columns, call.OrderBy);
            ImmutableArray<AccumulatorSpec> required =
                call.Kind == AggregateKind.SinceLast && by >= 0
                    ? [new AccumulatorSpec(AccumulatorKind.NewestTime, -1, ValueKind.Null)]
                    : AggregateState.Required(call, input, call.Input?.Type ?? ValueKind.Null, orderBy);

            GroupBuilder group = GroupOf(predicate, by, feature.Window);
            ImmutableArray<int> cells = [.. required.Select(spec => group.CellOf(spec))];
            int window = _windows.FindIndex(w => w.Group == group && w.Window == feature.Window);
            if (window < 0)
            {
                window = _windows.Count;
                _windows.Add((group, feature.Window, []));
            }

            _windows[window].Uses.UnionWith(cells);
            return (window, cells);
        }

        internal EventPlan Build(bool keepsWaiting)
        {
            ImmutableArray<GroupPlan> groups = [.. _groups.Select((g, i) => g.Build(i))];
            ImmutableArray<WindowPlan> windows =
            [
                .. _windows.Select((w, i) =>
                {
                    GroupPlan group = groups[_groups.IndexOf(w.Group)];
                    ImmutableArray<bool> uses = [.. Enumerable.Range(0, group.Specs.Length).Select(w.Uses.Contains)];
                    return new WindowPlan(i, group, w.Window, uses);
                }),
            ];
            return new EventPlan(source, [.. _columns], [.. _predicates], groups, windows, keepsWaiting);
        }

        private static int Intern<T>(List<T> list, T expression)
            where T : class?
        {
            string text = expression!.ToString()!; // Only called with expressions, which have a text.
            int at = list.FindIndex(e => e?.ToString() == text);
            if (at >= 0)
            {
                return at;
            }

            list.Add(expression);
            return list.Count - 1;
        }

        private GroupBuilder GroupOf(int predicate, int by, WindowDefinition window)
        {
            GroupBuilder? group = _groups.Find(
                g => g.Predicate == predicate && g.ByColumn == by && g.TileMs == window.TileMs);
            if (group is null)
            {
                group = new GroupBuilder(predicate, by, window.TileMs);
                _groups.Add(group);
            }

            group.Windows.Add(window);
            return group;
        }
    }

    private sealed class GroupBuilder(int predicate, int byColumn, long tileMs)
    {
        private readonly List<AccumulatorSpec> _specs = [];

        internal int Predicate => predicate;

        internal int ByColumn => byColumn;

        internal long TileMs => tileMs;

        internal HashSet<WindowDefinition> Windows { get; } = [];

        internal int CellOf(AccumulatorSpec spec)
        {
            int at = _specs.IndexOf(spec);
            if (at >= 0)
            {
                return at;
            }

            _specs.Add(spec);
            return _specs.Count - 1;
        }

        internal GroupPlan Build(int index) =>
            new(index, predicate, byColumn, tileMs, [.. _specs], [.. Windows]);
    }
}
