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
    /// <remarks>A segment that counts for fewer shards than others is as good as smaller: its other records cost space
    /// and are dropped by a merge.</remarks>
    /// <returns>The first index and the count; a count of 0: none.</returns>
    public static (int Start, int Count) Choose(ImmutableArray<SegmentInfo> segments, CheckpointOptions options)
    {
        int small = options.SegmentBytesMax / 16;
        int shards = segments.Select(s => s.Shards.Count).DefaultIfEmpty(0).Max();
        long baseBytes = 0, newerBytes = 0;
        foreach (SegmentInfo segment in segments)
        {
            baseBytes += segment.IsBase ? BytesOf(segment, shards) : 0;
            newerBytes += segment.IsBase ? 0 : BytesOf(segment, shards);
        }

        if (newerBytes > Math.Max(baseBytes, small))
        {
            return (0, segments.Length);
        }

        foreach (int limit in (ReadOnlySpan<int>)[small, options.SegmentBytesMax / 4, options.SegmentBytesMax / 2])
        {
            int start = segments.Length;
            while (start > 0 && BytesOf(segments[start - 1], shards) < limit)
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

    private static long BytesOf(SegmentInfo segment, int shardsMax) =>
        shardsMax == 0 ? segment.Bytes : segment.Bytes * segment.Shards.Count / shardsMax;
}
