using ContextGrid.Runtime.Hosting;
using Orleans;

namespace ContextGrid.Orleans.Replay;

/// <summary>A replay as the index has it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Request">What it rebuilds.</param>
/// <param name="HasEnded">Whether nothing is left to do for it.</param>
/// <param name="IsLeaving">Whether it is being removed.</param>
[GenerateSerializer]
[Immutable]
[Alias("ContextGrid.ReplayEntry")]
public sealed record ReplayEntry(
    [property: Id(0)] string Id,
    [property: Id(1)] ReplayRequest Request,
    [property: Id(2)] bool HasEnded = false,
    [property: Id(3)] bool IsLeaving = false);
