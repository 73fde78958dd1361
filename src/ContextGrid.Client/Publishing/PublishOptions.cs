using ContextGrid.Contracts.V1;

namespace ContextGrid.Client;

/// <summary>How events are published.</summary>
public sealed record PublishOptions
{
    /// <summary>What happens to events that are not valid. Default: they are refused and named.</summary>
    public InvalidEvents Invalid { get; init; } = InvalidEvents.Refuse;

    /// <summary>
    /// Says that every event carries the producer's id of its definition, so that a repetition counts once. Then a call
    /// whose outcome is unknown is tried again; without ids only one that certainly was not sent.
    /// </summary>
    public bool EventsHaveIds { get; init; }
}
