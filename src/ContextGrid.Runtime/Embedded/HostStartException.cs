namespace ContextGrid.Runtime.Embedded;

/// <summary>The host can't start; the message says why in one line, and what to do.</summary>
public sealed class HostStartException(string message, Exception? inner = null) : Exception(message, inner);
