using System.Globalization;
using ContextGrid.Runtime.Embedded.Log;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.Verification;

/// <summary>Checks one partition: its segments, that their offsets follow each other, and what else is there.</summary>
/// <param name="report">Takes the findings.</param>
/// <param name="name">Its topic and number.</param>
/// <param name="directory">Its directory.</param>
internal sealed class PartitionVerifier(VerifyReport report, TopicPartition name, string directory)
{
    /// <summary>Checks the partition.</summary>
    public PartitionState Verify(CancellationToken cancellationToken)
    {
        if (!Directory.Exists(directory))
        {
            report.Warning(
                directory, null, "The partition has no directory: a first start was interrupted, or it was lost.",
                "A start makes an empty one.", "If it had records, restore it from a backup.");
            return new PartitionState(name, directory, [], 0, 0);
        }

        string[] paths = Directory.GetFiles(directory, "*.log");
        Array.Sort(paths, StringComparer.Ordinal);
        var segments = new List<LogSegmentState>();
        for (int i = 0; i < paths.Length; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            long? next = i + 1 < paths.Length ? BaseOf(paths[i + 1]) : null;
            LogSegmentState? segment = new LogSegmentVerifier(report, paths[i], next).Verify();
            if (segment is not null)
            {
                CheckNeighbours(segments.Count == 0 ? null : segments[^1], segment);
                segments.Add(segment);
            }
        }

        VerifyOthers(paths);
        var state = new PartitionState(
            name, directory, segments,
            segments.Count == 0 ? 0 : segments[0].BaseOffset, segments.Count == 0 ? 0 : segments[^1].EndOffset);
        if (!segments.Exists(s => s.Damage))
        {
            report.Ok(directory, string.Create(
                CultureInfo.InvariantCulture,
                $"{segments.Count} segments, {segments.Sum(s => s.Records):N0} records, "
                + $"offsets {state.Start} to {state.End - 1}"));
        }

        return state;
    }

    private static long BaseOf(string segment) =>
        long.TryParse(Path.GetFileNameWithoutExtension(segment), CultureInfo.InvariantCulture, out long o) ? o : -1;

    private void CheckNeighbours(LogSegmentState? before, LogSegmentState segment)
    {
        if (before is null || before.EndOffset == segment.BaseOffset)
        {
            return;
        }

        report.Error(
            segment.Path, 16,
            before.EndOffset < segment.BaseOffset
                ? $"The offsets {before.EndOffset} to {segment.BaseOffset - 1} before it are missing."
                : $"It starts at offset {segment.BaseOffset}, but the segment before it ends at {before.EndOffset}.",
            $"Whoever reads {name.Topic}/{name.Partition} stops at offset "
                + $"{Math.Min(before.EndOffset, segment.BaseOffset)}.",
            "Restore the partition's directory from a backup.");
    }

    private void VerifyOthers(string[] segments)
    {
        foreach (string path in Directory.EnumerateFileSystemEntries(directory).Order(StringComparer.Ordinal))
        {
            string extension = Path.GetExtension(path);
            if (extension == ".log" && File.Exists(path))
            {
                continue;
            }

            if (extension != ".index" || Directory.Exists(path))
            {
                report.Warning(path, null, "It is no file of a partition.", "A start leaves it alone.",
                    "Move it elsewhere if it is yours.");
            }
            else if (!segments.Contains(Path.ChangeExtension(path, ".log"), StringComparer.Ordinal))
            {
                report.Info(path, null, "It is the index of a segment that is not there.",
                    "A start deletes it.", "Nothing needs it; --repair moves it aside.");
                report.MayMove(path);
            }
        }
    }
}
