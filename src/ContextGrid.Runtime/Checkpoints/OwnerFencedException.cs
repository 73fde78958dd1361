namespace ContextGrid.Runtime.Checkpoints;

/// <summary>
/// Another owner has opened these checkpoints since: this owner can make nothing durable any more (I5) and must stop.
/// </summary>
/// <param name="message">Who took over, and at which generation.</param>
public sealed class OwnerFencedException(string message) : Exception(message);
