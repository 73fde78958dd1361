namespace ContextGrid.Simulation.Tests.Machine;

/// <summary>Unwinds the code of a process that has just died in the middle of it.</summary>
internal sealed class SimulatedCrashException() : Exception("The process has ended here.");
