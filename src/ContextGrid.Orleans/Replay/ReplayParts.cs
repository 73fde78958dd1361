
namespace ContextGrid.Orleans.Replay;

/// <summary>What replays of a silo need. Thread-safe.</summary>
/// <param name="Source">Log, definitions and decoders.</param>
/// <param name="Shadows">Takes the states.</param>
/// <param name="Turns">Keeps the budget.</param>
/// <param name="Options">The limits.</param>
internal sealed record ReplayParts(
    ReplaySource Source, ShadowStore Shadows, ReplayTurns Turns, ReplayOptions Options)
{
    /// <summary>Which replays there are.</summary>
    internal IReplayIndexGrain Index => Source.Grains.GetGrain<IReplayIndexGrain>(0);

    /// <summary>The grain of a replay.</summary>
    internal IReplayGrain GrainOf(string id) => Source.Grains.GetGrain<IReplayGrain>(id);
}
