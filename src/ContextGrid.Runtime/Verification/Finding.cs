namespace ContextGrid.Runtime.Verification;

/// <summary>One thing that a check of a data directory has found.</summary>
/// <param name="Severity">How bad it is.</param>
/// <param name="File">The file or directory, relative to the data directory, with '/' between its parts.</param>
/// <param name="Offset">Where in the file, in bytes from its start; null: the file as a whole.</param>
/// <param name="What">What is so, in one sentence.</param>
/// <param name="AtStart">What a start of the server does about it, in one sentence; empty: nothing.</param>
/// <param name="Remedy">What can be done, in one sentence; empty: nothing is needed.</param>
public sealed record Finding(
    FindingSeverity Severity, string File, long? Offset, string What, string AtStart = "", string Remedy = "");

/// <summary>How bad a finding is.</summary>
public enum FindingSeverity
{
    /// <summary>It was checked and is as it must be.</summary>
    Ok,

    /// <summary>Worth knowing; a crash or an ordinary day leaves it behind, and a start deals with it.</summary>
    Info,

    /// <summary>Not as it was written, or not from this program; the next start loses nothing by it.</summary>
    Warning,

    /// <summary>What was durable is damaged or lost, or a start is refused.</summary>
    Error,
}
