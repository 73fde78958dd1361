using Orleans;

namespace ContextGrid.Orleans.Storage;

/// <summary>A write of one state.</summary>
/// <param name="Kind">Names the kind of state, such as <c>entity</c>.</param>
/// <param name="Key">The grain's key, UTF-8.</param>
/// <param name="Content">The state's bytes; empty: it is removed.</param>
/// <param name="Version">The version that it replaces; 0: there is none.</param>
[GenerateSerializer]
[Immutable]
[Alias("ContextGrid.ShardWrite")]
public readonly record struct ShardWrite(
    [property: Id(0)] string Kind, [property: Id(1)] byte[] Key, [property: Id(2)] byte[] Content,
    [property: Id(3)] long Version);
