namespace ContextGrid.Simulation.Tests.World;

/// <summary>The server was gone before it answered.</summary>
internal sealed class ConnectionLostException() : Exception("The connection was lost.");
