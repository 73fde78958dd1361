namespace ContextGrid.Core.Model;

/// <summary>Event times as plain numbers: milliseconds since the Unix epoch; 0 and negative ones are times too.
/// </summary>
public static class EventTimes
{
    /// <summary>There is no event. Earlier than every time, so the later of two times is their maximum.</summary>
    public const long None = long.MinValue;
}
