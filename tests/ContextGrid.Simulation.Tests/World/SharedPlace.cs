using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Embedded;

namespace ContextGrid.Simulation.Tests.World;

/// <summary>Gives a store that several owners use to a host.</summary>
internal static class SharedPlace
{
    /// <summary>The place; its garbage goes at once, so that a run reaches what was collected.</summary>
    /// <param name="store">The store.</param>
    internal static SnapshotPlace Of(ISnapshotStore store) => new()
    {
        Name = "the simulated store",
        OpenAsync = _ => new ValueTask<ISnapshotStore>(store),
        GarbageGrace = TimeSpan.Zero,
    };
}
