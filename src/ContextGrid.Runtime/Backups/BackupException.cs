using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Ingestion;

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

/// <summary>Turns what stopped a backup into a sentence that says what to do.</summary>
internal static class BackupFailure
{
    private const int NoSpace = 28, ReadOnly = 30, QuotaExceeded = 122;

    /// <summary>The failure; null: it is none of the disk or the stores.</summary>
    public static BackupException? Of(string to, Exception cause) => cause switch
    {
        BackupException known => known,
        UnauthorizedAccessException or IOException { HResult: ReadOnly } => new BackupException(
            BackupError.Denied,
            $"{to} can't be written: {cause.Message.TrimEnd('.')}. Give the server's user the right to write there.",
            cause),
        IOException { HResult: NoSpace or QuotaExceeded } => new BackupException(
            BackupError.Full, $"No space is left for {to}. Free some space or choose another disk.", cause),
        IOException or SnapshotStoreException or OwnerFencedException or EventLogException => new BackupException(
            BackupError.Failed, $"No backup was made: {cause.Message}", cause),
        _ => null,
    };
}
