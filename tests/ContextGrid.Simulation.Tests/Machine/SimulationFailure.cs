namespace ContextGrid.Simulation.Tests.Machine;

/// <summary>Something that must hold does not.</summary>
internal sealed class SimulationFailure(string message) : Exception(message);
