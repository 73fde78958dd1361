using Orleans;

namespace ContextGrid.Orleans.Replay;

/// <summary>What the grain of a replay knows of it.</summary>
/// <param name="Durable">What is durable.</param>
/// <param name="Fault">What it is retrying; null: nothing.</param>
/// <param name="Silo">Where it runs, or would.</param>
[GenerateSerializer]
[Immutable]
[Alias("ContextGrid.ReplayReport")]
public sealed record ReplayReport(
    [property: Id(0)] ReplayState Durable, [property: Id(1)] string? Fault, [property: Id(2)] string Silo);
