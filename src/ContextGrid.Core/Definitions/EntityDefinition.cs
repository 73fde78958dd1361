using System.Collections.Immutable;

namespace ContextGrid.Core.Definitions;

/// <summary>One type of entity and its features.</summary>
/// <param name="Name">The type's name, such as <c>user</c>.</param>
/// <param name="Sources">The events it consumes, in ordinal order of the events' names.</param>
/// <param name="TtlMs">After so long without an event every feature is EXPIRED; milliseconds; 0: never.</param>
/// <param name="AllowedLatenessMs">How late an event may be before it is counted as late; milliseconds.</param>
/// <param name="FreshnessMs">The freshness objective; milliseconds.</param>
/// <param name="Features">All features, in the order of the file.</param>
public sealed record EntityDefinition(
    string Name,
    ImmutableArray<EntitySource> Sources,
    long TtlMs,
    long AllowedLatenessMs,
    long FreshnessMs,
    ImmutableArray<FeatureDefinition> Features)
{
    /// <summary>Where windows end when a query does not say.</summary>
    public HeadRule Head { get; init; }

    /// <summary>What is written to topics, in the order of the file.</summary>
    public ImmutableArray<OutputDefinition> Outputs { get; init; } = [];
}

/// <summary>An event that an entity consumes.</summary>
/// <param name="EventIndex">Index in <see cref="DefinitionSet.Events"/>.</param>
/// <param name="KeyField">Index of the field that holds the entity's key: a String or an Int64.</param>
public sealed record EntitySource(int EventIndex, int KeyField);

/// <summary>The head of an entity when a query does not say one.</summary>
public enum HeadRule
{
    /// <summary>The later of the server's clock and the entity's newest event.</summary>
    Newest = 0,

    /// <summary>The server's clock: events ahead of it wait until it has reached them.</summary>
    Clock = 1,
}
