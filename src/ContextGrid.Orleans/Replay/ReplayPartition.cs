using ContextGrid.Runtime.Ingestion;
using Orleans;

namespace ContextGrid.Orleans.Replay;

/// <summary>How far a replay has read one source partition.</summary>
/// <param name="Topic">The topic.</param>
/// <param name="Partition">From 0.</param>
/// <param name="RetainedFrom">The offset from which nothing is missing; retention has taken what was before. 0: the
/// partition is whole.</param>
/// <param name="Next">The next offset to read; what is before is durable in the shadow version.</param>
/// <param name="End">The offset after the last one that is read: the partition's end when the replay began.</param>
[GenerateSerializer]
[Immutable]
[Alias("ContextGrid.ReplayPartition")]
public sealed record ReplayPartition(
    [property: Id(0)] string Topic,
    [property: Id(1)] int Partition,
    [property: Id(2)] long RetainedFrom,
    [property: Id(3)] long Next,
    [property: Id(4)] long End)
{
    /// <summary>The partition.</summary>
    internal TopicPartition Source => new(Topic, Partition);
}
