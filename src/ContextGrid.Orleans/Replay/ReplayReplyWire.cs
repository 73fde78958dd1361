using ContextGrid.Runtime.Hosting;
using Orleans;

namespace ContextGrid.Orleans.Replay;

/// <summary>A <see cref="ReplayReply"/> between silos.</summary>
[GenerateSerializer]
[Alias("ContextGrid.ReplayReply")]
internal readonly record struct ReplayReplyWire(
    [property: Id(0)] ReplayOutcome Outcome, [property: Id(1)] string Message);

/// <summary>Makes the one out of the other.</summary>
[RegisterConverter]
internal sealed class ReplayReplyConverter : IConverter<ReplayReply, ReplayReplyWire>
{
    /// <inheritdoc/>
    public ReplayReply ConvertFromSurrogate(in ReplayReplyWire surrogate) => new(surrogate.Outcome, surrogate.Message);

    /// <inheritdoc/>
    public ReplayReplyWire ConvertToSurrogate(in ReplayReply value) => new(value.Outcome, value.Message);
}
