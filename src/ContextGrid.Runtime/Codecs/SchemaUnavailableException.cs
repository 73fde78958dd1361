namespace ContextGrid.Runtime.Codecs;

/// <summary>
/// The schema that payloads were written with can't be had at present: the registry is away, or refuses. A passing
/// fault of the infrastructure, whatever its length.
/// </summary>
/// <param name="message">What was asked of whom, what came back, and what to do; without secrets.</param>
/// <param name="inner">The cause, if any.</param>
public sealed class SchemaUnavailableException(string message, Exception? inner = null) : Exception(message, inner);
