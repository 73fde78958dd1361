using Orleans;

namespace ContextGrid.Orleans.Ingestion;

/// <summary>How far a partition is applied, as its reader says it. Everything is at least so far.</summary>
/// <param name="Epoch">The reader's.</param>
/// <param name="Next">The next offset to apply.</param>
/// <param name="End">The partition's end as known.</param>
/// <param name="LagMs">How far the partition is behind, milliseconds.</param>
/// <param name="IsRebuilding">Whether state is not yet what it was.</param>
/// <param name="Gaps">Declared gaps: first and last offset of each.</param>
/// <param name="Reader">The silo that reads.</param>
/// <param name="Fault">Why it does not go on; null: it does.</param>
/// <param name="SaidMs">When it was said, milliseconds since the Unix epoch.</param>
/// <param name="VerifiedVersion">The version of the cluster's members up to which no loss of a silo has left an entity
/// behind.</param>
/// <param name="Committed">The commit position.</param>
/// <param name="CommittedMs">When it was written down, milliseconds since the Unix epoch.</param>
[GenerateSerializer]
[Immutable]
[Alias("ContextGrid.PartitionReport")]
public sealed record PartitionReport(
    [property: Id(0)] long Epoch,
    [property: Id(1)] long Next,
    [property: Id(2)] long End,
    [property: Id(3)] long LagMs,
    [property: Id(4)] bool IsRebuilding,
    [property: Id(5)] long[] Gaps,
    [property: Id(6)] string Reader,
    [property: Id(7)] string? Fault,
    [property: Id(8)] long SaidMs,
    [property: Id(9)] long VerifiedVersion,
    [property: Id(10)] long Committed,
    [property: Id(11)] long CommittedMs)
{
    /// <summary>Where state begins by the event's definition; 0: at the first record.</summary>
    [Id(12)]
    public long Start { get; init; }
}
