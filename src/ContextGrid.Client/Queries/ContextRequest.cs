using ContextGrid.Contracts.V1;
using Google.Protobuf.WellKnownTypes;

namespace ContextGrid.Client;

/// <summary>What to read in one call.</summary>
public sealed record ContextRequest
{
    /// <summary>The entities, answered in this order: 1 to 1,000, of one or several types.</summary>
    public required IReadOnlyList<EntityId> Entities { get; init; }

    /// <summary>Names of features; empty (the default): all of each entity's type.</summary>
    public IReadOnlyList<string> Features { get; init; } = [];

    /// <summary>
    /// Context as it was at this event time; null (the default): now. A time before the entity's newest event has the
    /// entity rebuilt from the retained log.
    /// </summary>
    public DateTimeOffset? AsOf { get; init; }

    /// <summary>
    /// True: each entity's own newest event is the head of its windows, as is right for a finished, historic stream.
    /// Goes before <see cref="AsOf"/>.
    /// </summary>
    public bool Newest { get; init; }

    /// <summary>The answer is refused when a source is further behind than this; null: never.</summary>
    public TimeSpan? MaxStaleness { get; init; }

    /// <summary>
    /// The answer waits until these positions are applied, as <see cref="PublishResult.Positions"/> gives them: read
    /// your own writes.
    /// </summary>
    public IReadOnlyList<SourcePosition> MinPosition { get; init; } = [];

    internal GetContextRequest ToMessage()
    {
        var message = new GetContextRequest();
        foreach (var entity in Entities)
            message.Entities.Add(new EntityRef { Type = entity.Type, Key = entity.Key });
        message.Features.AddRange(Features);
        message.MinPosition.AddRange(MinPosition);
        if (Newest)
            message.Newest = true;
        else if (AsOf is { } time)
            message.AsOf = Timestamp.FromDateTimeOffset(time);
        if (MaxStaleness is { } staleness)
            message.MaxStaleness = Duration.FromTimeSpan(staleness);
        return message;
    }
}
