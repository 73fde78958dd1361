using ContextGrid.Runtime.Hosting;
using Orleans;

namespace ContextGrid.Orleans.Replay;

/// <summary>A <see cref="ReplayPartition"/> between silos and in the store. Fields are added, never changed.</summary>
[GenerateSerializer]
[Alias("ContextGrid.ReplayPartition")]
internal readonly record struct ReplayPartitionWire(
    [property: Id(0)] string Topic,
    [property: Id(1)] int Partition,
    [property: Id(2)] long RetainedFrom,
    [property: Id(3)] long Next,
    [property: Id(4)] long End);

/// <summary>Makes the one out of the other.</summary>
[RegisterConverter]
internal sealed class ReplayPartitionConverter : IConverter<ReplayPartition, ReplayPartitionWire>
{
    /// <inheritdoc/>
    public ReplayPartition ConvertFromSurrogate(in ReplayPartitionWire surrogate) =>
        new(surrogate.Topic, surrogate.Partition, surrogate.RetainedFrom, surrogate.Next, surrogate.End);

    /// <inheritdoc/>
    public ReplayPartitionWire ConvertToSurrogate(in ReplayPartition value) =>
        new(value.Topic, value.Partition, value.RetainedFrom, value.Next, value.End);
}
