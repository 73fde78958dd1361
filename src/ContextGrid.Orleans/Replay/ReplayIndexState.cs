using Orleans;

namespace ContextGrid.Orleans.Replay;

/// <summary>What is durable of the index. Fields are added, never changed.</summary>
[GenerateSerializer]
[Immutable]
[Alias("ContextGrid.ReplayIndexState")]
public sealed record ReplayIndexState
{
    /// <summary>All replays, oldest first.</summary>
    [Id(0)]
    public ReplayEntry[] Entries { get; init; } = [];
}
