namespace ContextGrid.Core.Model;

/// <summary>The times that there are: the years 1 to 9999 in UTC, in milliseconds since the Unix epoch.</summary>
public static class TimeRange
{
    /// <summary>The first millisecond of the year 1.</summary>
    public const long MinMs = -62_135_596_800_000;

    /// <summary>The last millisecond of the year 9999.</summary>
    public const long MaxMs = 253_402_300_799_999;

    /// <summary>Whether a number of milliseconds is one of them.</summary>
    public static bool Contains(long milliseconds) => milliseconds is >= MinMs and <= MaxMs;
}
