using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.Backups;

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
