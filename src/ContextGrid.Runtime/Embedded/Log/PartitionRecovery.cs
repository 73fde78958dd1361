using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.Embedded.Log;

/// <summary>Opens a partition's directory: finds its segments, and cuts what a crash has left half-written.</summary>
internal static class PartitionRecovery
{
    /// <summary>Opens a partition; an empty directory becomes an empty partition.</summary>
    /// <param name="name">Its topic and number.</param>
    /// <param name="directory">Its directory, which exists.</param>
    /// <param name="nowMs">The time, for a new segment.</param>
    /// <param name="report">Takes a sentence for each thing that was cut, mended or found damaged.</param>
    /// <exception cref="EventLogException">A segment can't be used at all.</exception>
    public static LogPartition Open(TopicPartition name, string directory, long nowMs, List<string> report)
    {
        string[] paths = Directory.GetFiles(directory, "*.log");
        Array.Sort(paths, StringComparer.Ordinal);
        var segments = new List<LogSegment>(paths.Length + 1);
        for (int i = 0; i < paths.Length; i++)
        {
            LogSegment? segment = LogSegment.Open(paths[i]);
            if (segment is not null)
            {
                segments.Add(segment);
            }
            else if (i == paths.Length - 1 && i > 0)
            {
                File.Delete(paths[i]);
                report.Add($"{paths[i]}: removed; a crash had interrupted its making, and it held no record.");
            }
            else if (paths.Length > 1)
            {
                throw new EventLogException(EventLogError.Corrupt, $"{paths[i]} is empty, but later segments exist.");
            }
        }

        RemoveOrphans(directory, segments);
        if (segments.Count == 0)
        {
            segments.Add(LogSegment.Create(directory, 0, nowMs));
            return new LogPartition(name, directory, [.. segments], 0);
        }

        long end = Recover(segments[^1], report);
        return new LogPartition(name, directory, [.. segments], end);
    }

    private static long Recover(LogSegment newest, List<string> report)
    {
        ScanResult scan = SegmentScanner.FindEnd(newest);
        long torn = newest.DurableBytes - scan.EndPosition;
        if (torn > 0)
        {
            RandomAccess.SetLength(newest.Handle, scan.EndPosition);
            report.Add(
                $"{newest.LogPath}: cut {torn} bytes of a write that a crash had interrupted; none of its records "
                + $"was acknowledged. The log goes on at offset {scan.EndOffset}.");
        }

        if (scan.DamageAt >= 0)
        {
            report.Add(
                $"{newest.LogPath}: damaged at byte {scan.DamageAt}, where records were durable. They are kept as "
                + "they are; reading them fails. Restore the file from a copy.");
        }

        // What survived a killed process may be in the page cache only: make it durable before anybody sees it.
        RandomAccess.FlushToDisk(newest.Handle);
        newest.DurableBytes = scan.EndPosition;
        newest.UseIndex(scan.Index);
        return scan.EndOffset;
    }

    private static void RemoveOrphans(string directory, List<LogSegment> segments)
    {
        var known = segments.Select(segment => segment.IndexPath).ToHashSet(StringComparer.Ordinal);
        foreach (string path in Directory.GetFiles(directory, "*.index").Where(path => !known.Contains(path)))
        {
            File.Delete(path);
        }
    }
}
