using System.Collections.Immutable;

namespace ContextGrid.Runtime.Checkpoints;

/// <summary>Chooses which segments to merge. Pure.</summary>
internal static class MergePolicy
{
    /// <summary>Above so many segments a publish waits for the merge, so that their number stays bounded
    /// (I11).</summary>
    public const int WaitAbove = 256;

    /// <summary>
    /// A run of neighbouring segments that is worth merging, or none. Two rules: more than
    /// <see cref="CheckpointOptions.SmallSegmentsMax"/> small ones at the newest end (below 1/16, 1/4, 1/2 of a full
    /// segment: tiers, so that a record is rewritten a few times only); and all of them, when more bytes lie above the
    /// base than in it, since then more than half may be superseded.
    /// </summary>
    /// <returns>The first index and the count; a count of 0: none.</returns>
    public static (int Start, int Count) Choose(ImmutableArray<SegmentInfo> segments, CheckpointOptions options)
    {
        int small = options.SegmentBytesMax / 16;
        long baseBytes = 0, newerBytes = 0;
        foreach (SegmentInfo segment in segments)
        {
            baseBytes += segment.IsBase ? segment.Bytes : 0;
            newerBytes += segment.IsBase ? 0 : segment.Bytes;
        }

        if (newerBytes > Math.Max(baseBytes, small))
        {
            return (0, segments.Length);
        }

        foreach (int limit in (ReadOnlySpan<int>)[small, options.SegmentBytesMax / 4, options.SegmentBytesMax / 2])
        {
            int start = segments.Length;
            while (start > 0 && segments[start - 1].Bytes < limit)
            {
                start--;
            }

            if (segments.Length - start > options.SmallSegmentsMax)
            {
                return (start, segments.Length - start);
            }
        }

        return (0, 0);
    }
}
