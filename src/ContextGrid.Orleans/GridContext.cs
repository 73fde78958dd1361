using System.Collections.Immutable;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Orleans.Entities;

namespace ContextGrid.Orleans;

/// <summary>What all grains of a silo share. Thread-safe.</summary>
internal sealed class GridContext
{
    /// <summary>The name of the grain storage.</summary>
    internal const string StorageName = "ContextGrid";

    private readonly Dictionary<string, EntityWork> _works;

    internal GridContext(DefinitionSet definitions)
    {
        Definitions = definitions;
        Plans = PlanCompiler.Compile(definitions);
        _works = Plans.ToDictionary(p => p.Definition.Name, p => new EntityWork(p), StringComparer.Ordinal);
    }

    /// <summary>The definitions in force.</summary>
    internal DefinitionSet Definitions { get; }

    /// <summary>The plans of all entity types, in the order of the definitions.</summary>
    internal ImmutableArray<EntityPlan> Plans { get; }

    /// <summary>Whether nothing more is to become durable, as after a crash; for tests.</summary>
    internal bool IsCrashed { get; set; }

    /// <summary>What the grains of a type share; null: there is no such type.</summary>
    internal EntityWork? WorkOf(string type) => _works.GetValueOrDefault(type);
}
