using System.Collections.Immutable;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.Queries;

/// <summary>
/// How far a source partition was applied just before an answer's values were read: the values reflect at least this.
/// </summary>
/// <param name="Partition">Which partition.</param>
/// <param name="Next">The next offset to apply.</param>
/// <param name="Lag">Records that wait.</param>
/// <param name="LagMs">How far it is behind, milliseconds (<see cref="PartitionProgress.LagMs"/>).</param>
/// <param name="IsRebuilding">Whether the state was not yet back where it was when the host stopped.</param>
/// <param name="Gaps">Declared gaps, oldest first; noted after the values were read.</param>
public readonly record struct SourceReading(
    TopicPartition Partition, long Next, long Lag, long LagMs, bool IsRebuilding, ImmutableArray<OffsetGap> Gaps)
{
    /// <summary>What holds for both of two readings of one partition.</summary>
    internal SourceReading FurtherBehind(SourceReading other) => this with
    {
        Next = Math.Min(Next, other.Next),
        Lag = Math.Max(Lag, other.Lag),
        LagMs = Math.Max(LagMs, other.LagMs),
        IsRebuilding = IsRebuilding || other.IsRebuilding,
        Gaps = [.. Gaps.Union(other.Gaps)],
    };
}
