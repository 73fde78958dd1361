namespace ContextGrid.TestKit.Oracle;

/// <summary>The kinds of window that the oracle knows.</summary>
public enum OracleWindowKind
{
    /// <summary>Every event.</summary>
    Lifetime,

    /// <summary>The last so-long, with a tail that snaps to a tile.</summary>
    Sliding,

    /// <summary>The last so-long, to the millisecond.</summary>
    Exact,

    /// <summary>The aligned window that contains the head.</summary>
    Tumbling,

    /// <summary>Of the aligned overlapping windows that contain the head, the one that closes next.</summary>
    Hopping,

    /// <summary>The newest run without a long gap.</summary>
    Session,
}

/// <summary>A window and which events are in it, by direct comparison of times.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="SizeMs">The size, or a session's gap; 0 for lifetime.</param>
/// <param name="StepMs">The tile of a sliding window, the hop of a hopping one; else 0.</param>
public sealed record OracleWindow(OracleWindowKind Kind, long SizeMs, long StepMs)
{
    private static readonly long[] TileSeconds =
        [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400];

    /// <summary>Every event.</summary>
    public static OracleWindow Lifetime { get; } = new(OracleWindowKind.Lifetime, 0, 0);

    /// <summary>Whether the window's size is known before its events are.</summary>
    public bool IsFixed => Kind is not (OracleWindowKind.Lifetime or OracleWindowKind.Session);

    /// <summary>Sliding; the tile is the documented one when it is not given.</summary>
    public static OracleWindow Sliding(long sizeMs, long tileMs = 0) =>
        new(OracleWindowKind.Sliding, sizeMs, tileMs > 0 ? tileMs : DocumentedTile(sizeMs));

    /// <summary>Sliding with an exact tail.</summary>
    public static OracleWindow Exact(long sizeMs) => new(OracleWindowKind.Exact, sizeMs, 0);

    /// <summary>Tumbling.</summary>
    public static OracleWindow Tumbling(long sizeMs) => new(OracleWindowKind.Tumbling, sizeMs, 0);

    /// <summary>Hopping.</summary>
    public static OracleWindow Hopping(long sizeMs, long everyMs) => new(OracleWindowKind.Hopping, sizeMs, everyMs);

    /// <summary>A session.</summary>
    public static OracleWindow Session(long gapMs) => new(OracleWindowKind.Session, gapMs, 0);

    /// <summary>Of the matching events up to the head, in order, those in the window.</summary>
    public IReadOnlyList<OracleEvent> Select(IReadOnlyList<OracleEvent> matching, long headMs)
    {
        if (Kind == OracleWindowKind.Session)
        {
            return Run(matching, headMs);
        }

        long start = Kind switch
        {
            OracleWindowKind.Sliding => FloorTo(headMs - SizeMs + 1, StepMs),
            OracleWindowKind.Exact => headMs - SizeMs + 1,
            OracleWindowKind.Tumbling => FloorTo(headMs, SizeMs),
            OracleWindowKind.Hopping => FloorTo(headMs, StepMs) - SizeMs + StepMs,
            _ => long.MinValue,
        };
        return [.. matching.Where(e => e.TimeMs >= start && e.TimeMs <= headMs)];
    }

    /// <summary>The clause in the feature language.</summary>
    public string ToText() => Kind switch
    {
        OracleWindowKind.Lifetime => "",
        OracleWindowKind.Sliding when StepMs == DocumentedTile(SizeMs) => $" over {Text(SizeMs)}",
        OracleWindowKind.Sliding => $" over {Text(SizeMs)} resolution {Text(StepMs)}",
        OracleWindowKind.Exact => $" over {Text(SizeMs)} exact",
        OracleWindowKind.Tumbling => $" over tumbling {Text(SizeMs)}",
        OracleWindowKind.Hopping => $" over hopping {Text(SizeMs)} every {Text(StepMs)}",
        _ => $" over session {Text(SizeMs)}",
    };

    /// <summary>A duration as one number with one unit.</summary>
    public static string Text(long milliseconds) =>
        milliseconds % 86_400_000 == 0 ? $"{milliseconds / 86_400_000}d"
        : milliseconds % 3_600_000 == 0 ? $"{milliseconds / 3_600_000}h"
        : milliseconds % 60_000 == 0 ? $"{milliseconds / 60_000}m"
        : milliseconds % 1_000 == 0 ? $"{milliseconds / 1_000}s"
        : $"{milliseconds}ms";

    private static long DocumentedTile(long sizeMs) =>
        TileSeconds.Where(s => s * 24_000 <= sizeMs).DefaultIfEmpty(1).Max() * 1_000;

    // Times before 1970 are negative; the remainder is brought to 0 or more.
    private static long FloorTo(long time, long step) => time - (((time % step) + step) % step);

    private IReadOnlyList<OracleEvent> Run(IReadOnlyList<OracleEvent> matching, long headMs)
    {
        if (matching.Count == 0 || headMs - matching[^1].TimeMs > SizeMs)
        {
            return [];
        }

        long cut = FloorTo(matching[^1].TimeMs, SizeMs) - (63 * SizeMs);
        int first = matching.Count - 1;
        while (first > 0 && matching[first].TimeMs - matching[first - 1].TimeMs <= SizeMs
            && matching[first - 1].TimeMs >= cut)
        {
            first--;
        }

        return [.. matching.Skip(first)];
    }
}
