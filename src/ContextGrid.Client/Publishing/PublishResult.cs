using ContextGrid.Contracts.V1;

namespace ContextGrid.Client;

/// <summary>What became of a batch of events.</summary>
/// <param name="Accepted">How many are now durable.</param>
/// <param name="Positions">The last one written a partition, for <see cref="ContextRequest.MinPosition"/>.</param>
/// <param name="Refused">The events that were not taken: index in the batch, reason, message.</param>
public sealed record PublishResult(
    int Accepted, IReadOnlyList<SourcePosition> Positions, IReadOnlyList<RefusedEvent> Refused)
{
    internal PublishResult(PublishResponse message)
        : this(message.Accepted, message.Positions, message.Refused)
    {
    }
}
