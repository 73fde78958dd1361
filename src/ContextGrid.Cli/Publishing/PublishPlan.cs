using ContextGrid.Contracts.V1;

namespace ContextGrid.Cli.Publishing;

/// <summary>What is to be published, and how.</summary>
/// <param name="Topic">The topic's name.</param>
/// <param name="KeyField">The member that holds the partitioning key; null: as the definition says.</param>
/// <param name="BatchEventsMax">Events a batch, 1 to 10,000.</param>
/// <param name="FromLine">The first line that is sent, from 1.</param>
/// <param name="Invalid">What happens to events that are not valid.</param>
/// <param name="EventsPerSecondMax">The highest rate; 0: as fast as they are taken.</param>
public sealed record PublishPlan(
    string Topic, string? KeyField, int BatchEventsMax, long FromLine, InvalidEvents Invalid, int EventsPerSecondMax)
{
    /// <summary>The headers of every record.</summary>
    public IReadOnlyList<RecordHeader> Headers { get; init; } = [];
}
