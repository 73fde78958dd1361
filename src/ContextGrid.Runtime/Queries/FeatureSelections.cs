using System.Collections.Concurrent;
using System.Collections.Immutable;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Core.Queries;

namespace ContextGrid.Runtime.Queries;

/// <summary>
/// The selections of one entity type that were asked for before, by the list of their names. Programs ask the same
/// few lists again and again; a flood of different ones must not stay, so a full store is emptied, and lists with
/// unknown names are not kept. Thread-safe.
/// </summary>
/// <param name="plan">The type's plan.</param>
internal sealed class FeatureSelections(EntityPlan plan)
{
    /// <summary>The most lists that are kept.</summary>
    internal const int ListsMax = 1_024;

    private readonly ConcurrentDictionary<IReadOnlyList<string>, FeatureSelection> _byNames =
        new(NameListComparer.Instance);

    /// <summary>Every feature of the type, in the order of its definition.</summary>
    internal FeatureSelection All { get; } = FeatureSelection.All(plan);

    /// <summary>How many lists are kept.</summary>
    internal int Count => _byNames.Count;

    /// <summary>The selection of these names; allocates only for a list that is not kept.</summary>
    /// <param name="names">The names in the order of the answer, any texts; not kept. None: no feature.</param>
    internal FeatureSelection Of(IReadOnlyList<string> names)
    {
        if (_byNames.TryGetValue(names, out FeatureSelection? known))
        {
            return known;
        }

        var selection = FeatureSelection.Of(plan, [.. names]);
        if (selection.Features.Contains(-1))
        {
            // A name that the type does not have may be of any length: it must not fill the memory.
            return selection;
        }

        if (_byNames.Count >= ListsMax)
        {
            _byNames.Clear();
        }

        return _byNames.GetOrAdd(selection.Names, selection);
    }
}
