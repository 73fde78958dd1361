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
/// <param name="isShard">Whether they are a shard of a cluster's state, which no repair moves: other shards may have
/// gone on.</param>
internal sealed class CheckpointsVerifier(
    VerifyReport report, string root, SnapshotVerifier snapshots, bool isShard = false)
{
    // Garbage collection keeps the segments of so many manifests, and one manifest more.
    private const int ManifestsWithSegments = 2;

    private readonly ReadOnlySnapshotStore _store = new(root);
    private readonly BlobVerifier _blobs = new(new ReadOnlySnapshotStore(root), report, snapshots);
    private readonly Dictionary<string, BlobFault?> _segments = new(StringComparer.Ordinal);

    /// <summary>Checks all.</summary>
    /// <exception cref="SnapshotStoreException">They can't be read.</exception>
    public async ValueTask<CheckpointsState> VerifyAsync(CancellationToken cancellationToken)
    {
        if (!Directory.Exists(root))
        {
            report.Info(root, null, "There are no checkpoints in this directory.",
                "A start builds all state from the log, unless --snapshots names checkpoints elsewhere.");
            return new CheckpointsState([]);
        }

        var leftovers = new CheckpointLeftovers(report, root, isShard);
        leftovers.Report();
        List<(string Name, CheckpointManifest? Manifest, CheckpointCorruptException? Fault)> read = [];
        foreach (SnapshotBlobInfo blob in await _store.ListAsync(CheckpointManifest.Prefix, cancellationToken))
        {
            if (CheckpointManifest.GenerationOf(blob.Name) <= 0)
            {
                leftovers.ReportStranger(_store.PathOf(blob.Name));
                continue;
            }

            (CheckpointManifest? manifest, CheckpointCorruptException? fault) =
                await ReadAsync(blob.Name, cancellationToken);
            read.Insert(0, (blob.Name, manifest, fault));
        }

        CheckOrder([.. read.Select(r => r.Manifest).OfType<CheckpointManifest>()]);
        var manifests = ImmutableArray.CreateBuilder<ManifestState>();
        foreach ((string name, CheckpointManifest? manifest, CheckpointCorruptException? fault) in read)
        {
            manifests.Add(await VerifyAsync(name, manifest, fault, cancellationToken));
        }

        var state = new CheckpointsState(manifests.ToImmutable());
        Report(state);
        leftovers.ReportSegments(state, await _store.ListAsync(SegmentName.Prefix, cancellationToken));
        return state;
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

    /// <summary>Newest first: epochs and times never fall from one generation to the next.</summary>
    private void CheckOrder(ImmutableArray<CheckpointManifest> manifests)
    {
        for (int i = 0; i + 1 < manifests.Length; i++)
        {
            CheckpointManifest newer = manifests[i], older = manifests[i + 1];
            if (newer.Epoch < older.Epoch || (newer.Epoch == older.Epoch && newer.Writer != older.Writer))
            {
                report.Error(
                    _store.PathOf(newer.BlobName), null,
                    $"Its epoch {newer.Epoch} of owner '{newer.OwnerId}' does not follow the epoch {older.Epoch} of "
                    + $"owner '{older.OwnerId}' in the generation before: two servers wrote here at the same time.",
                    "A start takes the newest generation.",
                    isShard ? "" : "See that one server alone uses a data directory.");
            }

            if (newer.Generation != older.Generation + 1 && !HasBetween(older.Generation, newer.Generation))
            {
                report.Warning(
                    _store.PathOf(newer.BlobName), null,
                    $"The checkpoint of generation {newer.Generation - 1} before it is missing.",
                    "A start does not need it, while this one is whole.");
            }
        }
    }

    private bool HasBetween(long older, long newer) =>
        Enumerable.Range(1, (int)Math.Min(newer - older - 1, ManifestsWithSegments))
            .Any(i => File.Exists(_store.PathOf(CheckpointManifest.NameOf(older + i))));

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
        for (int i = 0; i < state.Manifests.Length; i++)
        {
            ManifestState manifest = state.Manifests[i];
            if (manifest.IsSound)
            {
                report.Ok(_store.PathOf(manifest.Name), Describe(manifest));
            }
            else if (manifest.Manifest is not null && i >= ManifestsWithSegments && IsOnlyMissing(manifest.Manifest))
            {
                report.Info(_store.PathOf(manifest.Name), null,
                    "Its segments have been collected, as is usual for the third newest.", "A start passes over it.");
            }
            else
            {
                ReportFault(state, manifest);
            }
        }
    }

    private void ReportFault(CheckpointsState state, ManifestState manifest)
    {
        // Without a fault it would be sound.
        CheckpointCorruptException fault = manifest.Fault!;
        string atStart = manifest == state.Taken
            ? "A start takes this checkpoint. A query for a damaged entity fails; an event for it stops its partition."
            : state.Taken is { } taken && IsNewer(manifest, taken)
                ? "A start passes over this checkpoint to an older one."
            : state.Taken is null ? "A start is refused: no checkpoint is whole."
            : "A start does not need this checkpoint.";
        string remedy = isShard
            ? "Restore a backup of the whole store, or start all silos with an empty one: they build the state from "
                + "the log again."
            : state.Sound is { } sound
            ? IsNewer(manifest, sound)
                ? $"--repair moves it aside, so that {sound.Name} is taken, if the log has what came after it."
                : "Nothing: newer checkpoints take its place."
            : "Restore a backup, or start with --rebuild to build the state from the log again.";
        if (state.Sound is null || manifest == state.Taken)
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

    private static bool IsNewer(ManifestState manifest, ManifestState than) =>
        string.CompareOrdinal(manifest.Name, than.Name) > 0;

    private bool IsOnlyMissing(CheckpointManifest manifest) =>
        manifest.Segments.All(s => _segments[s.Name] is null || !File.Exists(_store.PathOf(s.Name)));

    private static string Describe(ManifestState manifest) => manifest.Manifest is not { } m ? "" :
        $"generation {m.Generation}, epoch {m.Epoch}, {m.Segments.Length} segments, "
        + $"{m.Segments.Sum(s => (long)s.Records)} records, {m.Segments.Sum(s => s.Bytes)} bytes";
}
