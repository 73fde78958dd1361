using System.Collections.Immutable;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Outputs;

namespace ContextGrid.Runtime.Hosting;

/// <summary>How a host is at a moment.</summary>
public sealed record HostState
{
    /// <summary>What was found at the start, in sentences.</summary>
    public IReadOnlyList<string> Recovered { get; init; } = [];

    /// <summary>What operators should know although it runs, in sentences.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>The generation of the newest durable checkpoint; 0: there is none; of a silo: 0.</summary>
    public long Generation { get; init; }

    /// <summary>When it was made, milliseconds since the Unix epoch; of a silo: the oldest last commit of its
    /// partitions. Null: there is none.</summary>
    public long? DurableMs { get; init; }

    /// <summary>Why the last one failed; null: it did not.</summary>
    public string? DurableFault { get; init; }

    /// <summary>How far this host's partitions are durable: each with its next offset.</summary>
    public IReadOnlyList<(TopicPartition Partition, long Next)> Durable { get; init; } = [];

    /// <summary>Segments of the checkpoint that are known to be damaged.</summary>
    public IReadOnlyList<string> DamagedSegments { get; init; } = [];

    /// <summary>The bytes of the checkpoint's segments at the start, and how many of them have been checked.</summary>
    public (long Checked, long Total) ScrubBytes { get; init; }

    /// <summary>Every output of the definitions.</summary>
    public IReadOnlyList<OutputState> Outputs { get; init; } = [];

    /// <summary>The memory of entities.</summary>
    public EntityMemory Memory { get; init; }

    /// <summary>The entities of each type, in the order of the definitions.</summary>
    public ImmutableArray<EntityCount> Entities { get; init; } = [];

    /// <summary>The silos of the cluster; empty: there is none.</summary>
    public IReadOnlyList<SiloState> Silos { get; init; } = [];

    /// <summary>Who reads each source partition of a cluster, and what holds it up.</summary>
    public IReadOnlyDictionary<TopicPartition, ReaderState> Readers { get; init; } =
        ImmutableDictionary<TopicPartition, ReaderState>.Empty;
}

/// <summary>The memory of entities, bytes.</summary>
/// <param name="MaxBytes">The budget; 0: unlimited.</param>
/// <param name="ResidentBytes">An estimate of what resident entities take.</param>
/// <param name="LookupBytes">What looking up the others takes: filters and tops of indexes.</param>
public readonly record struct EntityMemory(long MaxBytes, long ResidentBytes, long LookupBytes);

/// <summary>The entities of one type.</summary>
/// <param name="All">With state, in memory or stored; of a silo: in its memory.</param>
/// <param name="Resident">In memory.</param>
public readonly record struct EntityCount(long All, long Resident);

/// <summary>A silo of the cluster, as another one sees it.</summary>
/// <param name="Address">Where it listens for others, and when it was started.</param>
/// <param name="Status">Such as <c>Active</c> or <c>Dead</c>.</param>
/// <param name="IsThis">Whether it is the one that answers.</param>
public readonly record struct SiloState(string Address, string Status, bool IsThis);

/// <summary>The reader of a source partition.</summary>
/// <param name="Silo">The silo that reads; empty: nobody has said so.</param>
/// <param name="Fault">Why it does not go on; null: it does.</param>
/// <param name="IsElsewhere">Whether it is another silo that is there, so that this one has its numbers from that one.
/// </param>
public readonly record struct ReaderState(string Silo, string? Fault, bool IsElsewhere = false);
