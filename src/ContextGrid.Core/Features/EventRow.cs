using ContextGrid.Core.Model;

namespace ContextGrid.Core.Features;

/// <summary>
/// What accumulators see of one event: when and where it was, and the columns that the plan computes from it.
/// </summary>
/// <param name="timeMs">Event time, milliseconds since the Unix epoch.</param>
/// <param name="position">Where the event stands; with the time a total order over events.</param>
/// <param name="columns">
/// Values by the plan's column index. Texts are slices of buffers that are reused after the call: copy what is kept.
/// </param>
public readonly ref struct EventRow(long timeMs, Position position, ReadOnlySpan<Value> columns)
{
    /// <summary>Event time, milliseconds since the Unix epoch.</summary>
    public readonly long TimeMs = timeMs;

    /// <summary>Where the event stands.</summary>
    public readonly Position Position = position;

    /// <summary>Values by column.</summary>
    public readonly ReadOnlySpan<Value> Columns = columns;
}
