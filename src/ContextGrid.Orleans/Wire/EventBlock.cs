using Orleans;

namespace ContextGrid.Orleans.Wire;

/// <summary>
/// Events of one partition for one entity, decoded, in order of offsets. <c>Expected</c> is the last offset that was
/// brought to the entity before, as far as it may not be durable yet; −1: none. An entity that has less has lost it.
/// </summary>
/// <param name="Bytes">A version byte, the source, the expected offset, a count, and for each event its offset, a flag
/// for one that can't be applied, its index in the definitions, its time and its fields.</param>
/// <param name="Reader">The silo that reads the partition, as the hash of its address; 0: none is named.</param>
[GenerateSerializer]
[Immutable]
[Alias("ContextGrid.EventBlock")]
public readonly record struct EventBlock([property: Id(0)] byte[] Bytes, [property: Id(1)] int Reader = 0)
{
    /// <summary>The version that is written.</summary>
    internal const byte Version = 1;
}
