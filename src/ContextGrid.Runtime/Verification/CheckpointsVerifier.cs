using System.Collections.Immutable;
using ContextGrid.Runtime.Checkpoints;

namespace ContextGrid.Runtime.Verification;

/// <summary>
/// Checks the checkpoints of a data directory: every manifest, every segment that a manifest names, and what else is
/// there. What a start makes of it is told by <see cref="RecoveryVerifier"/>.
/// </summary>
/// <param name="report">Takes the findings.</param>
/// <param name="root">The directory of checkpoints.</param>
/// <param name="snapshots">Checks the snapshots.</param>
/// <param name="isShard">Whether they are a part of a cluster's state, which no repair moves: other parts may have
/// gone on.</param>
internal sealed class CheckpointsVerifier(
    VerifyReport report, string root, SnapshotVerifier snapshots, bool isShard = false)
{
    // Garbage collection keeps the segments of so many manifests, and one manifest more.
    private const int ManifestsWithSegments = 2;

    private readonly ReadOnlySnapshotStore _store = new(root);
    private readonly BlobVerifier _blobs = new(new ReadOnlySnapshotStore(root), report, snapshots);
    private readonly Dictionary<string, BlobFault?> _segments = new(StringComparer.Ordinal);

    private string Remedy => isShard
        ? "Restore a backup of the whole store, or start all silos with an empty one: they build the state "
            + "from the log again."
        : "Restore a backup, or start with --rebuild to build the state from the log again.";

    /// <summary>Checks all.</summary>
    /// <exception cref="SnapshotStoreException">They can't be read.</exception>
    public async ValueTask<CheckpointsState> VerifyAsync(CancellationToken cancellationToken)
    {
        if (!Directory.Exists(root))
        {
            report.Info(root, null, "There are no checkpoints in this directory.",
                "A start builds all state from the log, unless --snapshots names checkpoints elsewhere.");
            return new CheckpointsState(null, []);
        }

        var leftovers = new CheckpointLeftovers(report, root, isShard);
        leftovers.Report();
        List<(string Name, CheckpointManifest? Manifest, CheckpointCorruptException? Fault)> read = [];
        bool hasVersion1 = false;
        foreach (SnapshotBlobInfo blob in await _store.ListAsync(CheckpointManifest.Prefix, cancellationToken))
        {
            hasVersion1 |= CheckpointManifest.IsOfVersion1(blob.Name);
            if (CheckpointManifest.BaseOf(blob.Name).Generation == 0)
            {
                leftovers.ReportStranger(_store.PathOf(blob.Name), isOfVersion1: hasVersion1);
                continue;
            }

            (CheckpointManifest? manifest, CheckpointCorruptException? fault) =
                await ReadAsync(blob.Name, cancellationToken);
            if (manifest is { IsSeal: true })
            {
                report.Ok(_store.PathOf(blob.Name), $"the end of lineage {manifest.Lineage}");
                continue;
            }

            read.Insert(0, (blob.Name, manifest, fault));
        }

        Ownership? ownership = await ReadOwnershipAsync(read.Count > 0 || hasVersion1, hasVersion1, cancellationToken);
        foreach (var lineage in read.Select(r => r.Manifest).OfType<CheckpointManifest>().GroupBy(m => m.Lineage))
        {
            CheckOrder([.. lineage], ownership is null || ownership.IsLive(lineage.Key));
        }

        var manifests = ImmutableArray.CreateBuilder<ManifestState>();
        foreach ((string name, CheckpointManifest? manifest, CheckpointCorruptException? fault) in read)
        {
            manifests.Add(await VerifyAsync(name, manifest, fault, cancellationToken));
        }

        var state = new CheckpointsState(ownership, manifests.ToImmutable());
        ReportMissingBases(state);
        Report(state);
        leftovers.ReportSegments(state, await _store.ListAsync(SegmentName.Prefix, cancellationToken));
        return state;
    }

    private void ReportMissingBases(CheckpointsState state)
    {
        foreach (ShardBase start in (state.Ownership?.Shards ?? []).Select(s => s.Base).Distinct())
        {
            string name = CheckpointManifest.NameOf(start.Lineage, start.Generation);
            if (start.Lineage == 0 || state.Manifests.Any(m => m.Name == name))
            {
                continue;
            }

            const string What = "The checkpoint with which the present owner of shards began is missing.";
            if (state.Taken.IsEmpty)
            {
                report.Error(
                    _store.PathOf(name), null, What, "A start is refused.",
                    Remedy);
            }
            else
            {
                report.Info(
                    _store.PathOf(name), null, What, "A start does not need it: the owner has made newer ones.");
            }
        }
    }

    private async ValueTask<Ownership?> ReadOwnershipAsync(
        bool isNeeded, bool hasVersion1, CancellationToken cancellationToken)
    {
        string path = _store.PathOf(Ownership.BlobName);
        SnapshotBlob? blob = await _store.GetAsync(Ownership.BlobName, cancellationToken);
        try
        {
            if (blob is not null)
            {
                report.Bytes += blob.Content.Length;
                Ownership ownership = OwnershipCodec.Decode(blob.Content.Span);
                report.Ok(path, $"{ownership.Shards.Length} shards, version {ownership.Version}");
                return ownership;
            }

            if (isNeeded)
            {
                report.Error(
                    path, null, hasVersion1
                        ? "The checkpoints have format version 1, and this program reads version 2."
                        : "It says which checkpoints count, and it is missing.",
                    "A start is refused.", Remedy);
            }
        }
        catch (CheckpointCorruptException e)
        {
            report.Error(
                path, e.Offset, "It says which checkpoints count, and it is damaged.", "A start is refused.",
                Remedy);
        }

        return null;
    }

    private async ValueTask<(CheckpointManifest? Manifest, CheckpointCorruptException? Fault)> ReadAsync(
        string name, CancellationToken cancellationToken)
    {
        SnapshotBlob? blob = await _store.GetAsync(name, cancellationToken);
        try
        {
            report.Bytes += blob?.Content.Length ?? 0;
            return (ManifestCodec.Decode(name, blob is null ? [] : blob.Content.Span), null);
        }
        catch (CheckpointCorruptException e)
        {
            return (null, e);
        }
    }

    /// <summary>One lineage, newest first: one process wrote it, and of the newest none is missing.</summary>
    private void CheckOrder(ImmutableArray<CheckpointManifest> manifests, bool isLive)
    {
        if (isLive && manifests is [{ Generation: > 1 } only]
            && !File.Exists(_store.PathOf(CheckpointManifest.NameOf(only.Lineage, only.Generation - 1))))
        {
            report.Info(
                _store.PathOf(only.BlobName), null,
                $"The checkpoint of generation {only.Generation - 1} before it is not there, as in a backup.",
                "A start does not need it, while this one is whole.");
        }

        for (int i = 0; i + 1 < manifests.Length; i++)
        {
            CheckpointManifest newer = manifests[i], older = manifests[i + 1];
            if (newer.Writer != older.Writer)
            {
                report.Error(
                    _store.PathOf(newer.BlobName), null,
                    $"Its owner '{newer.OwnerId}' is not the owner '{older.OwnerId}' of the generation before: two "
                    + "servers wrote here at the same time.",
                    "A start takes the newest generation.",
                    isShard ? "" : "See that one server alone uses a data directory.");
            }

            if (i + 1 < ManifestsWithSegments && newer.Generation != older.Generation + 1
                && !File.Exists(_store.PathOf(CheckpointManifest.NameOf(newer.Lineage, newer.Generation - 1))))
            {
                report.Warning(
                    _store.PathOf(newer.BlobName), null,
                    $"The checkpoint of generation {newer.Generation - 1} before it is missing.",
                    "A start does not need it, while this one is whole.");
            }
        }
    }

    private async ValueTask<ManifestState> VerifyAsync(
        string name,
        CheckpointManifest? manifest,
        CheckpointCorruptException? fault,
        CancellationToken cancellationToken)
    {
        bool isWhole = manifest is not null;
        foreach (SegmentInfo segment in manifest?.Segments ?? [])
        {
            if (!_segments.TryGetValue(segment.Name, out BlobFault? wrong))
            {
                wrong = await _blobs.VerifyAsync(segment, cancellationToken);
                _segments[segment.Name] = wrong;
            }

            if (wrong is not null)
            {
                fault ??= new CheckpointCorruptException(segment.Name, wrong.Offset, wrong.What);
                isWhole &= wrong.IsWhole;
            }
        }

        return new ManifestState(name, manifest, fault, isWhole, fault is null);
    }

    private void Report(CheckpointsState state)
    {
        ImmutableArray<ManifestState> taken = state.Taken, sound = state.Sound;
        var seen = new Dictionary<long, int>(); // How many newer ones the lineage has.
        foreach (ManifestState manifest in state.Manifests)
        {
            long lineage = CheckpointManifest.BaseOf(manifest.Name).Lineage;
            int newer = seen.GetValueOrDefault(lineage);
            seen[lineage] = newer + 1;
            bool isOld = newer >= ManifestsWithSegments
                || (state.Ownership is { } ownership && !ownership.IsLive(lineage) && !taken.Contains(manifest));
            if (manifest.IsSound)
            {
                report.Ok(_store.PathOf(manifest.Name), Describe(manifest));
            }
            else if (manifest.Manifest is not null && isOld && IsOnlyMissing(manifest.Manifest))
            {
                report.Info(_store.PathOf(manifest.Name), null,
                    "Its segments have been collected, as is usual for the third newest.", "A start passes over it.");
            }
            else
            {
                ReportFault(taken, sound, manifest);
            }
        }
    }

    private void ReportFault(
        ImmutableArray<ManifestState> taken, ImmutableArray<ManifestState> sound, ManifestState manifest)
    {
        // Without a fault it would be sound.
        CheckpointCorruptException fault = manifest.Fault!;
        string atStart = taken.Contains(manifest)
            ? "A start takes this checkpoint. A query for a damaged entity fails; an event for it stops its partition."
            : taken.IsEmpty ? "A start is refused: no checkpoint is whole."
            : IsNewer(manifest, taken) ? "A start passes over this checkpoint to an older one."
            : "A start does not need this checkpoint.";
        string remedy = isShard || sound.IsEmpty ? Remedy
            : !IsNewer(manifest, sound) ? "Nothing: newer checkpoints take its place."
            : sound.Length == 1
                ? $"--repair moves it aside, so that {sound[0].Name} is taken, if the log has what came after it."
            : Remedy;
        if (sound.IsEmpty || taken.Contains(manifest))
        {
            report.Error(_store.PathOf(fault.Blob), fault.Offset, Sentence(manifest, fault), atStart, remedy);
        }
        else
        {
            report.Warning(_store.PathOf(fault.Blob), fault.Offset, Sentence(manifest, fault), atStart, remedy);
        }
    }

    private static string Sentence(ManifestState manifest, CheckpointCorruptException fault)
    {
        string what = fault.Message[(fault.Message.IndexOf(": ", StringComparison.Ordinal) + 2)..];
        return fault.Blob == manifest.Name
            ? char.ToUpperInvariant(what[0]) + what[1..]
            : $"For {manifest.Name}: {what}";
    }

    // Of the same lineage, or of one that goes on with it.
    private static bool IsNewer(ManifestState manifest, ImmutableArray<ManifestState> than) =>
        than.Any(m => string.CompareOrdinal(manifest.Name, m.Name) > 0);

    private bool IsOnlyMissing(CheckpointManifest manifest) =>
        manifest.Segments.All(s => _segments[s.Name] is null || !File.Exists(_store.PathOf(s.Name)));

    private static string Describe(ManifestState manifest) => manifest.Manifest is not { } m ? "" :
        $"generation {m.Generation}, lineage {m.Lineage}, {m.Segments.Length} segments, "
        + $"{m.Segments.Sum(s => (long)s.Records)} records, {m.Segments.Sum(s => s.Bytes)} bytes";
}
