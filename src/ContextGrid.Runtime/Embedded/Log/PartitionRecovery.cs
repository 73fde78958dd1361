using ContextGrid.Runtime.Files;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.Embedded.Log;

/// <summary>Opens a partition's directory: finds its segments, and cuts what a crash has left half-written.</summary>
internal static class PartitionRecovery
{
    /// <summary>Opens a partition; an empty directory becomes an empty partition.</summary>
    /// <param name="files">Where the directory is.</param>
    /// <param name="name">Its topic and number.</param>
    /// <param name="directory">Its directory, which exists.</param>
    /// <param name="nowMs">The time, for a new segment.</param>
    /// <param name="report">Takes a sentence for each thing that was cut, mended or found damaged.</param>
    /// <exception cref="EventLogException">A segment can't be used at all.</exception>
    public static LogPartition Open(
        IFileSystem files, TopicPartition name, string directory, long nowMs, List<string> report)
    {
        // A process that was killed may have named files and not come to syncing: what is found here must stay.
        files.SyncDirectory(directory);
        string[] paths = Find(files, directory, ".log");
        Array.Sort(paths, StringComparer.Ordinal);
        var segments = new List<LogSegment>(paths.Length + 1);
        for (int i = 0; i < paths.Length; i++)
        {
            LogSegment? segment = LogSegment.Open(files, paths[i]);
            if (segment is not null)
            {
                segments.Add(segment);
            }
            else if (i == paths.Length - 1 && i > 0)
            {
                files.Delete(paths[i]);
                report.Add($"{paths[i]}: removed; a crash had interrupted its making, and it held no record.");
            }
            else if (paths.Length > 1)
            {
                throw new EventLogException(EventLogError.Corrupt, $"{paths[i]} is empty, but later segments exist.");
            }
        }

        RemoveOrphans(files, directory, segments);
        if (segments.Count == 0)
        {
            segments.Add(LogSegment.Create(files, directory, 0, nowMs));
            return new LogPartition(files, name, directory, [.. segments], 0);
        }

        long end = Recover(files, segments[^1], report);
        return new LogPartition(files, name, directory, [.. segments], end);
    }

    private static long Recover(IFileSystem files, LogSegment newest, List<string> report)
    {
        ScanResult scan = SegmentScanner.FindEnd(files, newest);
        long torn = newest.DurableBytes - scan.EndPosition;
        if (torn > 0)
        {
            newest.File.SetLength(scan.EndPosition);
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

        // What survived a killed process may be in the page cache only: make it durable before anybody sees it. It is
        // written again first: if a flush had failed, another one would have nothing to do and say that all is well.
        // Where no record is known to be durable, neither is the header.
        WriteAgain(newest.File, scan.DurableTo > LogSegment.HeaderBytes ? scan.DurableTo : 0, scan.EndPosition);
        newest.File.Flush();
        newest.DurableBytes = scan.EndPosition;
        newest.UseIndex(scan.Index);
        return scan.EndOffset;
    }

    private static void WriteAgain(IFile file, long from, long to)
    {
        byte[] buffer = new byte[Math.Clamp(to - from, 0, 1024 * 1024)];
        for (int read = 1; from < to && read > 0; from += read)
        {
            read = file.Read(buffer.AsSpan(0, (int)Math.Min(buffer.Length, to - from)), from);
            file.Write(buffer.AsSpan(0, read), from);
        }
    }

    private static string[] Find(IFileSystem files, string directory, string extension) =>
    [
        .. files.ListFiles(directory, SearchOption.TopDirectoryOnly).Select(f => f.Path)
            .Where(path => path.EndsWith(extension, StringComparison.Ordinal)),
    ];

    private static void RemoveOrphans(IFileSystem files, string directory, List<LogSegment> segments)
    {
        var known = segments.Select(segment => segment.IndexPath).ToHashSet(StringComparer.Ordinal);
        foreach (string path in Find(files, directory, ".index").Where(path => !known.Contains(path)))
        {
            files.Delete(path);
        }
    }
}
