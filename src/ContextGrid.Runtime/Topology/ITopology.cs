using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.Topology;

/// <summary>
/// Says which process has which shards, and calls them: all in one process (<see cref="LocalTopology"/>), or shared by
/// the processes of a cluster (<see cref="SharedTopology"/>). Thread-safe.
/// </summary>
internal interface ITopology
{
    /// <summary>The entities of all shards, wherever they are.</summary>
    IContextGrid Grid { get; }

    /// <summary>Who reads each source partition.</summary>
    IReadOnlyList<PartitionReading> Readers { get; }

    /// <summary>What holds up shards of this process; null: nothing.</summary>
    string? Fault { get; }

    /// <summary>Why this process can't answer for the cluster yet; null: it can.</summary>
    string? WhyNotReady { get; }

    /// <summary>Reads partitions and moves shards until cancelled.</summary>
    /// <exception cref="Checkpoints.OwnerFencedException">Another process has this one's place.</exception>
    Task RunAsync(CancellationToken cancellationToken);

    /// <summary>Gives all shards to other processes, while <see cref="RunAsync"/> runs; at once where there is none.
    /// </summary>
    /// <param name="most">How long it may take.</param>
    Task LeaveAsync(TimeSpan most);
}

/// <summary>Who reads a source partition.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="Reader">The address of the process that reads; empty: this one, and there is no other.</param>
/// <param name="IsHere">Whether it is this process.</param>
/// <param name="Fault">What holds it up, where it is this process; null: nothing.</param>
internal sealed record PartitionReading(TopicPartition Partition, string Reader, bool IsHere, string? Fault);
