using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.Hosting;

/// <summary>How far a replay has read one source partition.</summary>
/// <param name="Topic">The topic.</param>
/// <param name="Partition">From 0.</param>
/// <param name="RetainedFrom">The offset from which nothing is missing; retention has taken what was before. 0: the
/// partition is whole.</param>
/// <param name="Next">The next offset to read; what is before is durable in the shadow version.</param>
/// <param name="End">The offset after the last one that is read: the partition's end when the replay began.</param>
public sealed record ReplayPartition(string Topic, int Partition, long RetainedFrom, long Next, long End)
{
    /// <summary>The partition.</summary>
    internal TopicPartition Source => new(Topic, Partition);
}
