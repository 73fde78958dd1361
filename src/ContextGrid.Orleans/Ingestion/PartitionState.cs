using Orleans;

namespace ContextGrid.Orleans.Ingestion;

/// <summary>What is durable of a source partition. Fields are added, never changed.</summary>
[GenerateSerializer]
[Alias("ContextGrid.PartitionState")]
public sealed class PartitionState
{
    /// <summary>Who reads the partition: grows with each new reader, and an older one commits nothing.</summary>
    [Id(0)]
    public long Epoch { get; set; }

    /// <summary>The commit position: every entity's state up to it is durable (I3).</summary>
    [Id(1)]
    public long Next { get; set; }

    /// <summary>Declared gaps: first and last offset of each.</summary>
    [Id(2)]
    public long[] Gaps { get; set; } = [];

    /// <summary>The last applied record: its offset, and its CRC.</summary>
    [Id(3)]
    public long[] Mark { get; set; } = [];

    /// <summary>Where state begins by the event's definition; 0: at the first record.</summary>
    [Id(4)]
    public long Start { get; set; }
}
