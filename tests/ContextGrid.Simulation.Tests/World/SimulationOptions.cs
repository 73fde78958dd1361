namespace ContextGrid.Simulation.Tests.World;

/// <summary>One run: everything in it follows from this.</summary>
/// <param name="Seed">Decides everything that is left to chance.</param>
/// <param name="Allowed">Faults that may happen; the seed chooses among them.</param>
/// <param name="Actions">How much producers and readers do, in percent.</param>
/// <param name="IsCluster">Whether several processes share the shards.</param>
internal sealed record SimulationOptions(
    long Seed, Faults Allowed = Faults.All, int Actions = 100, bool IsCluster = false);
