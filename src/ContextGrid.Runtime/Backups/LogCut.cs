using ContextGrid.Runtime.Embedded.Log;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.Backups;

/// <summary>
/// What of a partition is durable at one moment: its segments, the last one up to the end of a commit. What is
/// appended later, or is on its way to the disk, is not in it.
/// </summary>
/// <param name="Name">The partition.</param>
/// <param name="Segments">Oldest first; at least one.</param>
internal sealed record LogCut(TopicPartition Name, IReadOnlyList<SegmentCut> Segments)
{
    /// <summary>How many bytes it has.</summary>
    public long Bytes => Segments.Sum(s => s.Bytes);

    /// <summary>Notes what is durable now.</summary>
    public static LogCut Of(LogPartition partition)
    {
        LogSegment[] segments = partition.Segments;
        return new LogCut(
            partition.Name,
            [.. segments.Select((s, i) => new SegmentCut(
                s.LogPath, i == segments.Length - 1 ? null : s.IndexPath, s.BaseOffset, s.DurableBytes))]);
    }
}

/// <summary>A segment of a cut.</summary>
/// <param name="LogPath">Its file.</param>
/// <param name="IndexPath">The file of its index; null: it is still written, and made anew from the copy.</param>
/// <param name="BaseOffset">The offset of its first record.</param>
/// <param name="Bytes">How many bytes of the file are durable: whole commits.</param>
internal sealed record SegmentCut(string LogPath, string? IndexPath, long BaseOffset, long Bytes);
