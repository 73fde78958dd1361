using ContextGrid.Core.Model;

namespace ContextGrid.Runtime.Checkpoints;

/// <summary>Turns a failure of the file system into a sentence that says what to do.</summary>
internal static class StoreFailure
{
    private const int NoSpace = 28, ReadOnly = 30, QuotaExceeded = 122;
    private const int WindowsDiskFull = unchecked((int)0x80070070);

    /// <summary>Builds the exception.</summary>
    /// <param name="path">The file or directory.</param>
    /// <param name="verb">What could not be done with it, as a participle.</param>
    /// <param name="cause">The failure.</param>
    public static SnapshotStoreException Of(string path, string verb, Exception cause)
    {
        string advice = cause switch
        {
            UnauthorizedAccessException =>
                "permission is denied. Give this user read and write permission there, or choose another directory",
            { HResult: NoSpace or WindowsDiskFull } => "the disk is full. Free space; the write can be repeated",
            { HResult: QuotaExceeded } =>
                "the disk quota is used up. Free space or raise it; the write can be repeated",
            { HResult: ReadOnly } => "the file system is read-only. Mount it for writing or choose another directory",
            _ => $"{cause.Message.TrimEnd('.')}. Check the disk and the path",
        };
        return new SnapshotStoreException(Sentence.End($"{path} could not be {verb}: {advice}"), cause);
    }
}
