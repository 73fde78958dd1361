namespace ContextGrid.Core.Model;

/// <summary>
/// Where an event stands in the sources: topic, partition and offset. <see cref="Source"/> packs the topic's index
/// (topics of the definitions, in ordinal order of their names) and the partition, so that comparing positions as
/// numbers orders them by topic, partition, offset: the last tie-break of everything that depends on order.
/// </summary>
/// <param name="Source">(topic index &lt;&lt; 16) | partition; topic index 0–32,767, partition 0–65,535.</param>
/// <param name="Offset">The offset in the partition, from 0.</param>
public readonly record struct Position(int Source, long Offset) : IComparable<Position>
{
    /// <summary>Packs a topic's index and a partition into one source number.</summary>
    public static int SourceOf(int topicIndex, int partition) => (topicIndex << 16) | partition;

    /// <summary>The topic's index in <see cref="Definitions.DefinitionSet.Topics"/>.</summary>
    public int TopicIndex => Source >> 16;

    /// <summary>The partition.</summary>
    public int Partition => Source & 0xFFFF;

    /// <inheritdoc/>
    public int CompareTo(Position other) =>
        Source != other.Source ? Source.CompareTo(other.Source) : Offset.CompareTo(other.Offset);
}
