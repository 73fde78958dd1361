using ContextGrid.Core.Snapshots;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Orleans.Replay;

/// <summary>A replay can't go on, now or later.</summary>
internal sealed class ReplayFailedException(string message) : Exception(message)
{
    /// <summary>Whether a replay can't go on after a fault, however often it is tried.</summary>
    internal static bool IsFinal(Exception e) => e is ReplayFailedException or SnapshotFormatException
        or EventLogException
        {
            Error: EventLogError.Corrupt or EventLogError.Replaced or EventLogError.UnknownPartition,
        };
}
