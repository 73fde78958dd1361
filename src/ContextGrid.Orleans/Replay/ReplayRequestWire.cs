using ContextGrid.Runtime.Hosting;
using Orleans;

namespace ContextGrid.Orleans.Replay;

/// <summary>A <see cref="ReplayRequest"/> between silos and in the store. Fields are added, never changed.</summary>
[GenerateSerializer]
[Alias("ContextGrid.ReplayRequest")]
internal readonly record struct ReplayRequestWire(
    [property: Id(0)] string Type,
    [property: Id(1)] string Version,
    [property: Id(2)] string? Key,
    [property: Id(3)] string? From,
    [property: Id(4)] string? To);

/// <summary>Makes the one out of the other.</summary>
[RegisterConverter]
internal sealed class ReplayRequestConverter : IConverter<ReplayRequest, ReplayRequestWire>
{
    /// <inheritdoc/>
    public ReplayRequest ConvertFromSurrogate(in ReplayRequestWire surrogate) =>
        new(surrogate.Type, surrogate.Version, surrogate.Key, surrogate.From, surrogate.To);

    /// <inheritdoc/>
    public ReplayRequestWire ConvertToSurrogate(in ReplayRequest value) =>
        new(value.Type, value.Version, value.Key, value.From, value.To);
}
