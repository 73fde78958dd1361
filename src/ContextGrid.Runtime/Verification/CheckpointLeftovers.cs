using ContextGrid.Runtime.Checkpoints;

namespace ContextGrid.Runtime.Verification;

/// <summary>Reports what is among the checkpoints and belongs to none: rests of crashes, and files of others.</summary>
/// <param name="report">Takes the findings.</param>
/// <param name="root">The directory of checkpoints.</param>
/// <param name="isShard">Whether they are a part of a cluster's state, which no repair moves.</param>
internal sealed class CheckpointLeftovers(VerifyReport report, string root, bool isShard)
{
    /// <summary>Reports what stands at the top, and unfinished writes.</summary>
    public void Report()
    {
        foreach (string path in Directory.EnumerateFileSystemEntries(root).Order(StringComparer.Ordinal))
        {
            string name = Path.GetFileName(path);
            if (name is not ("manifests" or "segments" or Ownership.BlobName or "_aside" or "_lock")
                && !(isShard && (name is "shards" or StoredDefinitions.BlobName)))
            {
                ReportStranger(path);
            }
        }

        string aside = Path.Combine(root, "_aside");
        foreach (string path in Directory.Exists(aside) ? Directory.EnumerateFileSystemEntries(aside) : [])
        {
            report.Info(path, null, "It is the rest of a write that a crash has interrupted.",
                "A start deletes it.", isShard ? "Nothing needs it." : "Nothing needs it; --repair moves it aside.");
            report.MayMove(path);
        }
    }

    /// <summary>Reports segments that no manifest names.</summary>
    public void ReportSegments(CheckpointsState state, IReadOnlyList<SnapshotBlobInfo> segments)
    {
        HashSet<string> named = [.. state.Manifests.SelectMany(m => m.Manifest?.Segments ?? []).Select(s => s.Name)];
        bool mayBeNeeded = state.Manifests.Any(m => m.Manifest is null);
        foreach (SnapshotBlobInfo blob in segments.Where(b => !named.Contains(b.Name)))
        {
            string path = Path.Combine(root, blob.Name);
            if (SegmentName.BaseOf(blob.Name).Lineage == 0 && !SegmentName.IsOfVersion1(blob.Name))
            {
                ReportStranger(path);
                continue;
            }

            report.Info(
                path, null, mayBeNeeded
                    ? "No manifest that can be read names it; it may be of one that can't."
                    : "No manifest names it: a crash came before the manifest.",
                "A start deletes it.",
                isShard ? "Leave it there." : "--repair moves it aside, if a checkpoint is sound.");
            if (!state.Sound.IsEmpty)
            {
                report.MayMove(path);
            }
        }
    }

    /// <summary>Reports a file that this program does not write.</summary>
    /// <param name="path">The file.</param>
    /// <param name="isOfVersion1">Whether it is a manifest of an older program.</param>
    public void ReportStranger(string path, bool isOfVersion1 = false) => report.Warning(
        path, null,
        isOfVersion1 ? "It is a manifest of format version 1." : "It is no file of the checkpoints.",
        "A start leaves it alone.",
        isOfVersion1 ? "Nothing." : isShard ? "See who has put it there." : "Move it elsewhere if it is yours.");
}
