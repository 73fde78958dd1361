using System.Collections.Immutable;
using System.Globalization;
using ContextGrid.Core.Definitions;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.Verification;

/// <summary>
/// Compares the checkpoints with the log: what a start would recover from, how much of the log it would apply, and what
/// neither of the two has any more.
/// </summary>
/// <param name="report">Takes the findings, and what a repair may move.</param>
/// <param name="checkpoints">The directory of checkpoints.</param>
/// <param name="state">What the check of the checkpoints has found.</param>
/// <param name="partitions">What the log has.</param>
internal sealed class RecoveryVerifier(
    VerifyReport report, string checkpoints, CheckpointsState state, IReadOnlyList<PartitionState> partitions)
{
    /// <summary>Checks, and says what the next start does.</summary>
    /// <param name="definitions">The definitions; null: none.</param>
    /// <param name="repair">Whether what may be moved will have been moved.</param>
    public string Verify(DefinitionSet? definitions, bool repair)
    {
        ImmutableArray<ManifestState> taken = state.Taken, sound = state.Sound;
        PlanRepair(sound);
        if (repair && !sound.IsEmpty && (taken.IsEmpty || taken.Any(t => !sound.Contains(t) && IsMoved(t))))
        {
            taken = sound;
        }

        if (state.SummaryOf(taken) is not { } manifest)
        {
            bool isNothing = state.Manifests.IsEmpty && state.Ownership is null && report.Count(
                FindingSeverity.Error) == 0;
            return isNothing || IsEmptyAtStart()
                ? $"The next start builds all state from the log: {Records(partitions.Sum(p => p.End - p.Start))}."
                : "The next start is refused: no checkpoint is whole.";
        }

        CheckDefinitions(manifest, definitions);
        bool fits = CheckSources(manifest, definitions);
        string from = taken.Length == 1
            ? $"checkpoint {manifest.Generation} of owner '{manifest.OwnerId}'"
            : $"the checkpoints of {taken.Length} owners";
        bool isSound = taken.All(t => t.IsSound);
        return !fits ? $"The next start is refused: the log does not reach to {from}."
            : $"The next start takes {from}{(isSound ? "" : " with its damaged entities")} and applies "
                + $"{Records(TailOf(manifest))} of the log.";
    }

    /// <summary>Whether the owners died before their first checkpoint.</summary>
    private bool IsEmptyAtStart() => state.Manifests.IsEmpty && state.Ownership is { } ownership
        && ownership.Shards.All(s => s.Base.Lineage == 0);

    /// <summary>
    /// Damaged checkpoints that stand before a sound one may go when the log still has everything after the sound one;
    /// where several owners have shards they stay, since the others have gone on.
    /// </summary>
    private void PlanRepair(ImmutableArray<ManifestState> chosen)
    {
        if (chosen.Length != 1 || chosen[0].Manifest is not { } sound || state.Manifests[0] == chosen[0])
        {
            return;
        }

        SourceProgress? lost = sound.Content.Sources.FirstOrDefault(s => Find(s)?.Start > s.NextOffset);
        if (lost is not null)
        {
            report.Error(
                Path.Combine(checkpoints, chosen[0].Name), null,
                $"The log of {lost.Topic}/{lost.Partition} starts at {Find(lost)?.Start}, after the position "
                + $"{lost.NextOffset} of this checkpoint: going back to it would lose the records between.",
                "", "Restore a backup. --repair leaves the newer checkpoints where they are.");
            return;
        }

        HashSet<string> needed = [.. sound.Segments.Select(s => s.Name)];
        foreach (ManifestState newer in state.Manifests.TakeWhile(m => m != chosen[0]))
        {
            report.MayMove(Path.Combine(checkpoints, newer.Name));
            foreach (SegmentInfo segment in newer.Manifest?.Segments ?? [])
            {
                if (!needed.Contains(segment.Name) && File.Exists(Path.Combine(checkpoints, segment.Name)))
                {
                    report.MayMove(Path.Combine(checkpoints, segment.Name));
                }
            }
        }
    }

    private bool IsMoved(ManifestState taken) =>
        report.Aside.Contains(report.Relative(Path.Combine(checkpoints, taken.Name)));

    private void CheckDefinitions(CheckpointManifest manifest, DefinitionSet? definitions)
    {
        if (definitions is null)
        {
            return;
        }

        foreach (string type in ChangedTypes(manifest, definitions))
        {
            report.Error(
                Path.Combine(checkpoints, manifest.BlobName), null,
                $"The state of entity '{type}' was not built with these definitions.",
                "A start with these definitions is refused.",
                "Name the definitions that the server ran with, or start with --rebuild.");
        }
    }

    /// <summary>The types that a checkpoint holds otherwise than definitions describe them, or not at all.</summary>
    internal static IEnumerable<string> ChangedTypes(CheckpointManifest manifest, DefinitionSet definitions)
    {
        ImmutableSortedDictionary<string, ulong> stored = manifest.Content.DefinitionHashes;
        return manifest.Content.Sources.IsEmpty ? [] : definitions.Entities
            .Where(e => !stored.TryGetValue(e.Name, out ulong hash) || hash != DefinitionHash.OfState(definitions, e))
            .Select(e => e.Name);
    }

    /// <summary>Compares positions with the log; false: a start is refused.</summary>
    private bool CheckSources(CheckpointManifest manifest, DefinitionSet? definitions)
    {
        bool fits = true;
        string path = Path.Combine(checkpoints, manifest.BlobName);
        foreach (SourceProgress source in manifest.Content.Sources)
        {
            string name = $"{source.Topic}/{source.Partition}";
            PartitionState? log = Find(source);
            if (definitions is not null && !definitions.Topics.Contains(source.Topic))
            {
                continue;
            }

            if (source.NextOffset > (log?.End ?? 0))
            {
                fits = false;
                report.Error(
                    path, null,
                    $"It reflects {name} up to offset {source.NextOffset}, but the log ends at {log?.End ?? 0}: the "
                    + "log was lost, cut or replaced.",
                    "A start is refused.",
                    "Restore the log from a backup, or start with --rebuild to forget the state.");
            }
            else if (log is not null && source.NextOffset < log.Start)
            {
                report.Error(
                    path, null,
                    $"It reflects {name} up to offset {source.NextOffset}, but the log starts at {log.Start}: the "
                    + $"offsets {source.NextOffset} to {log.Start - 1} were never applied and are gone.",
                    "A start goes on behind them and declares the gap in status and answers.", "Restore a backup.");
            }

            foreach (OffsetGap gap in source.Gaps.IsDefault ? [] : source.Gaps)
            {
                report.Info(path, null, $"The offsets {gap.First} to {gap.Last} of {name} are a declared gap.");
            }
        }

        return fits;
    }

    private long TailOf(CheckpointManifest manifest)
    {
        long tail = 0;
        foreach (PartitionState partition in partitions.Where(p => p.Name.Topic != DeadLetterTopic.Name))
        {
            SourceProgress? source = manifest.Content.Sources.FirstOrDefault(
                s => s.Topic == partition.Name.Topic && s.Partition == partition.Name.Partition);
            tail += partition.End - Math.Max(source?.NextOffset ?? 0, partition.Start);
        }

        return tail;
    }

    private PartitionState? Find(SourceProgress source) =>
        partitions.FirstOrDefault(p => p.Name == new TopicPartition(source.Topic, source.Partition));

    private static string Records(long count) =>
        string.Create(CultureInfo.InvariantCulture, $"{count:N0} {(count == 1 ? "record" : "records")}");
}
