namespace ContextGrid.Runtime.Verification;

/// <summary>A directory can't be checked; the message says why in one line, and what to do.</summary>
/// <param name="message">The line.</param>
/// <param name="isWrongUse">Whether the caller named something that is no data directory.</param>
/// <param name="inner">The cause, if any.</param>
public sealed class VerifyException(string message, bool isWrongUse, Exception? inner = null)
    : Exception(message, inner)
{
    /// <summary>Whether the caller named something that is no data directory.</summary>
    public bool IsWrongUse { get; } = isWrongUse;
}
