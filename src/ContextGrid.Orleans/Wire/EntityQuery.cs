using ContextGrid.Runtime.Queries;
using Orleans;

namespace ContextGrid.Orleans.Wire;

/// <summary>What is asked of one entity.</summary>
/// <param name="Head">Which head the windows have.</param>
/// <param name="HeadMs">The head, milliseconds since the Unix epoch; for the newest event without meaning.</param>
/// <param name="Features">The names of the features, any texts; null: all of the type.</param>
/// <param name="Explained">The index of a feature whose window is told; −1: none.</param>
/// <param name="TellsNextChange">Whether the answer tells when it can change without an event.</param>
[GenerateSerializer]
[Immutable]
[Alias("ContextGrid.FeatureQuery")]
public readonly record struct EntityQuery(
    [property: Id(0)] QueryHead Head,
    [property: Id(1)] long HeadMs,
    [property: Id(2)] string[]? Features,
    [property: Id(3)] int Explained,
    [property: Id(4)] bool TellsNextChange = false);
