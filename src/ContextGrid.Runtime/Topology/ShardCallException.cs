namespace ContextGrid.Runtime.Topology;

/// <summary>A call of another process has no answer. The message is a sentence for people.</summary>
public sealed class ShardCallException(string message, Exception? inner = null) : Exception(message, inner);
