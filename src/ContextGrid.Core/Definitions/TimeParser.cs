namespace ContextGrid.Core.Definitions;

/// <summary>Reads a time from a text.</summary>
/// <param name="text">The text.</param>
/// <param name="milliseconds">Since the Unix epoch.</param>
/// <param name="wrong">Why it is none, as a clause without a full stop; empty when it is one.</param>
/// <returns>Whether it is one.</returns>
public delegate bool TimeParser(string text, out long milliseconds, out string wrong);
