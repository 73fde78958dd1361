using Orleans;

namespace ContextGrid.Orleans.Storage;

/// <summary>A state as it is kept.</summary>
/// <param name="Content">Its bytes; null: there is none.</param>
/// <param name="Version">Its version; grows by one with each write; 0: there is none.</param>
[GenerateSerializer]
[Immutable]
[Alias("ContextGrid.ShardState")]
public readonly record struct ShardState([property: Id(0)] byte[]? Content, [property: Id(1)] long Version);
