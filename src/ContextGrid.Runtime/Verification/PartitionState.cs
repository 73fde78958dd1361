using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.Verification;

/// <summary>What the check of one partition of the log has found.</summary>
/// <param name="Name">Its topic and number.</param>
/// <param name="Directory">Its directory.</param>
/// <param name="Segments">Its segments that can be read, oldest first.</param>
/// <param name="Start">The first retained offset.</param>
/// <param name="End">The offset after the last record, as a start takes it.</param>
internal sealed record PartitionState(
    TopicPartition Name, string Directory, IReadOnlyList<LogSegmentState> Segments, long Start, long End);
