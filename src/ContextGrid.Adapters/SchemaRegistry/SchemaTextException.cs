namespace ContextGrid.Adapters.SchemaRegistry;

/// <summary>The text of a schema is not of its language.</summary>
/// <param name="message">What is wrong.</param>
internal sealed class SchemaTextException(string message) : Exception(message);
