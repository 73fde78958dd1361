namespace ContextGrid.Core.Snapshots;

/// <summary>A snapshot's bytes are not what a snapshot of this plan looks like.</summary>
public sealed class SnapshotFormatException(string message) : Exception(message);
