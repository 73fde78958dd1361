using System.Text.Json;
using ContextGrid.TestKit.Oracle;

namespace ContextGrid.TestKit.Grids;

/// <summary>An event as it stands in a partition.</summary>
/// <param name="Offset">Its offset.</param>
/// <param name="TimeMs">The record's time, milliseconds since the Unix epoch, which is the event's.</param>
/// <param name="Json">The payload.</param>
public readonly record struct GridEvent(long Offset, long TimeMs, string Json)
{
    /// <summary>An event of a scenario.</summary>
    public static GridEvent Of(OracleEvent e) => new(e.Offset, e.TimeMs, JsonSerializer.Serialize(
        e.Fields.ToDictionary(f => f.Key, f => f.Value is OracleTime time ? time.Ms : f.Value)));
}
