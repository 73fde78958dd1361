namespace ContextGrid.Runtime.Backups;

/// <summary>There is no backup; nothing is left of it under the name that it was to have.</summary>
/// <param name="error">Why.</param>
/// <param name="message">One line: what was wrong, and what to do.</param>
/// <param name="inner">The cause, if any.</param>
public sealed class BackupException(BackupError error, string message, Exception? inner = null)
    : Exception(message, inner)
{
    /// <summary>Why.</summary>
    public BackupError Error { get; } = error;
}

/// <summary>Why there is no backup.</summary>
public enum BackupError
{
    /// <summary>The directory can't be one of a backup.</summary>
    Invalid,

    /// <summary>The directory is there and not empty.</summary>
    Exists,

    /// <summary>Another backup is under way.</summary>
    Busy,

    /// <summary>There is no space for it.</summary>
    Full,

    /// <summary>The server may not write there.</summary>
    Denied,

    /// <summary>The disk failed, or no checkpoint could be made.</summary>
    Failed,
}
