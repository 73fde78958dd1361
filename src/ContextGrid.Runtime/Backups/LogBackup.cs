using System.Collections.Immutable;
using System.Globalization;
using ContextGrid.Runtime.Embedded.Log;
using ContextGrid.Runtime.Files;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.Backups;

/// <summary>
/// Copies what of a log is durable. Segments go from the newest to the oldest: retention takes the oldest first, so
/// that whatever it takes meanwhile, the copy is the newest part of the partition without a gap.
/// </summary>
/// <param name="files">The file system.</param>
/// <param name="target">Where to.</param>
/// <param name="copier">Copies.</param>
internal sealed class LogBackup(IFileSystem files, BackupTarget target, FileCopier copier)
{
    /// <summary>Copies partitions and the descriptions of their topics.</summary>
    /// <param name="log">The log's directory.</param>
    /// <param name="cuts">What is durable of each partition.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The offsets of each partition's copy.</returns>
    /// <exception cref="EventLogException">A newest segment has bytes that are not what was written.</exception>
    public async ValueTask<ImmutableArray<BackupRange>> CopyAsync(
        string log, IReadOnlyList<LogCut> cuts, CancellationToken cancellationToken)
    {
        var ranges = ImmutableArray.CreateBuilder<BackupRange>();
        foreach (IGrouping<string, LogCut> topic in cuts.GroupBy(c => c.Name.Topic))
        {
            string folder = target.MakeDirectory(Path.Combine("log", topic.Key));
            byte[] description = files.ReadAllBytes(Path.Combine(log, topic.Key, LogDirectory.DescriptionFile));
            copier.Write(Path.Combine(folder, LogDirectory.DescriptionFile), description);
            foreach (LogCut cut in topic)
            {
                ranges.Add(new BackupRange(cut.Name, await CopyAsync(cut, cancellationToken)));
            }
        }

        return ranges.ToImmutable();
    }

    private async ValueTask<LogRange> CopyAsync(LogCut cut, CancellationToken cancellationToken)
    {
        string folder = target.MakeDirectory(Path.Combine(
            "log", cut.Name.Topic, cut.Name.Partition.ToString(CultureInfo.InvariantCulture)));
        long start = cut.Segments[^1].BaseOffset;
        for (int i = cut.Segments.Count - 1; i >= 0; i--)
        {
            if (!await TryCopyAsync(cut.Segments[i], folder, cancellationToken))
            {
                Require(i < cut.Segments.Count - 1, cut.Name);
                break;
            }

            start = cut.Segments[i].BaseOffset;
        }

        return new LogRange(start, Finish(Path.Combine(folder, Path.GetFileName(cut.Segments[^1].LogPath))));
    }

    /// <summary>Copies a segment with its index; false: retention has taken it.</summary>
    private async ValueTask<bool> TryCopyAsync(SegmentCut segment, string folder, CancellationToken cancellationToken)
    {
        if (!await TryCopyAsync(segment.LogPath, folder, segment.Bytes, cancellationToken))
        {
            return false;
        }

        if (segment.IndexPath is not null)
        {
            await TryCopyAsync(segment.IndexPath, folder, -1, cancellationToken);
        }

        return true;
    }

    private async ValueTask<bool> TryCopyAsync(
        string path, string folder, long bytes, CancellationToken cancellationToken)
    {
        IFile from;
        try
        {
            from = files.Open(path, FileMode.Open, FileAccess.Read);
        }
        catch (FileNotFoundException)
        {
            return false;
        }

        using (from)
        {
            await copier.CopyAsync(
                from, Path.Combine(folder, Path.GetFileName(path)), bytes < 0 ? from.Length : bytes, cancellationToken);
            return true;
        }
    }

    /// <summary>The newest segment of a cut goes only after newer ones have come and filled the log.</summary>
    private static void Require(bool isThere, TopicPartition name)
    {
        if (!isThere)
        {
            throw new BackupException(
                BackupError.Failed, $"Retention took all that {name} had when the backup began. Let it copy faster, "
                + "or let the log keep more.");
        }
    }

    /// <summary>Reads the copy of a newest segment through, and gives it an index.</summary>
    /// <returns>The offset after its last record.</returns>
    private long Finish(string path)
    {
        using LogSegment segment = LogSegment.Open(files, path)
            ?? throw new EventLogException(EventLogError.Corrupt, $"{path} is not what was written.");
        ScanResult scan = SegmentScanner.FindEnd(files, segment);
        if (scan.DamageAt >= 0 || scan.EndPosition != segment.DurableBytes)
        {
            long at = scan.DamageAt >= 0 ? scan.DamageAt : scan.EndPosition;
            throw new EventLogException(
                EventLogError.Corrupt, $"the log is damaged at byte {at} of the segment {Path.GetFileName(path)}. Stop "
                + "the server and run 'contextgrid verify' on its data directory.");
        }

        segment.UseIndex(scan.Index);
        segment.TryPersistIndex(flush: true);
        return scan.EndOffset;
    }
}
