namespace ContextGrid.Orleans.Entities;

/// <summary>The stored state of an entity can't be used; the message says why and what to do.</summary>
internal sealed class EntityStateException(string message, Exception? inner = null) : Exception(message, inner);
