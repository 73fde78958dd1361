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
        Duplicates = message.HasDuplicates ? message.Duplicates : null;
        Conflicts = message.HasConflicts ? message.Conflicts : null;
        OnOtherPartition = message.HasOnOtherPartition ? message.OnOtherPartition : null;
        IdScope = message.IdScope;
    }

    /// <summary>
    /// How many of the accepted events do not count, since an event with their id and content counts already; null:
    /// not known, since a partition is read by another process or is behind.
    /// </summary>
    public int? Duplicates { get; init; }

    /// <summary>
    /// How many of the accepted events are among the dead letters, since their id was used with other content; null as
    /// above.
    /// </summary>
    public int? Conflicts { get; init; }

    /// <summary>
    /// How many of the accepted events have an id that another partition of the topic has, as far as it was noticed:
    /// they count all the same. Null as above.
    /// </summary>
    public int? OnOtherPartition { get; init; }

    /// <summary>Within what an id must be unique.</summary>
    public IdScope IdScope { get; init; }
}
