namespace ContextGrid.Core.Definitions;

/// <summary>The documented tile of a sliding window.</summary>
public static class TileSize
{
    // Each window has at least 24 tiles, so the tail is off by at most 1/24 of the window.
    private const int TilesMin = 24;

    private static readonly long[] Sizes =
    [
        1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 900_000, 1_800_000,
        3_600_000, 7_200_000, 10_800_000, 21_600_000, 43_200_000, 86_400_000,
    ];

    /// <summary>The largest of the documented sizes of which at least 24 fit in the window; at least 1 s.</summary>
    /// <param name="windowMs">The window's size in milliseconds, at least 1,000.</param>
    public static long For(long windowMs)
    {
        long chosen = Sizes[0];
        foreach (long size in Sizes)
        {
            chosen = size * TilesMin <= windowMs ? size : chosen;
        }

        return chosen;
    }
}
