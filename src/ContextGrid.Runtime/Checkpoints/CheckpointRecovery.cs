using System.Collections.Immutable;

namespace ContextGrid.Runtime.Checkpoints;

/// <summary>Finds the newest valid checkpoint.</summary>
/// <param name="Newest">The newest valid manifest; empty when there is none at all.</param>
/// <param name="NewestGeneration">The newest generation that has a manifest, valid or not; 0: none.</param>
/// <param name="EpochFloor">No owner until now can have had a higher epoch.</param>
/// <param name="Readable">All manifests that can be read, newest first, with or without their segments.</param>
/// <param name="Segments">The live segments of the newest valid manifest, ready for look-ups.</param>
/// <param name="Recovered">What was found, in sentences for people.</param>
internal sealed record CheckpointRecovery(
    CheckpointManifest Newest,
    long NewestGeneration,
    long EpochFloor,
    ImmutableArray<CheckpointManifest> Readable,
    ImmutableArray<SegmentIndex> Segments,
    ImmutableArray<string> Recovered)
{
    /// <summary>Reads the manifests from the newest to the oldest and takes the first that is whole.</summary>
    /// <param name="store">Where they are.</param>
    /// <param name="forget">True: takes none of them.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="SnapshotStoreException">The store can't be read, or has manifests of which none is
    /// usable.</exception>
    public static async ValueTask<CheckpointRecovery> FindAsync(
        ISnapshotStore store, bool forget, CancellationToken cancellationToken)
    {
        List<long> generations = await GenerationsAsync(store, cancellationToken);
        var recovered = ImmutableArray.CreateBuilder<string>();
        var readable = ImmutableArray.CreateBuilder<CheckpointManifest>();
        CheckpointManifest? newest = null;
        ImmutableArray<SegmentIndex> segments = [];
        long epochFloor = 0;
        int unreadable = 0;
        foreach (long generation in generations)
        {
            CheckpointManifest? manifest = await ReadAsync(store, generation, recovered, cancellationToken);
            if (manifest is null)
            {
                unreadable++;
                continue;
            }

            // Each unreadable newer manifest may have been an opening, and an opening raises the epoch by one.
            epochFloor = Math.Max(epochFloor, manifest.Epoch + unreadable);
            readable.Add(manifest);
            if (newest is null && !forget
                && await OpenAsync(store, manifest, recovered, cancellationToken) is { } whole)
            {
                (newest, segments) = (manifest, whole);
            }
        }

        recovered.Add(newest is null && !forget && generations.Count > 0
            ? throw NoneIsUsable(generations.Count, recovered)
            : Describe(newest));
        return new CheckpointRecovery(
            newest ?? CheckpointManifest.Empty,
            generations.Count > 0 ? generations[0] : 0,
            epochFloor,
            readable.ToImmutable(),
            segments,
            recovered.ToImmutable());
    }

    private static SnapshotStoreException NoneIsUsable(int checkpoints, IEnumerable<string> found) => new(
        $"None of the {checkpoints} checkpoints can be used. {string.Join(' ', found)} "
        + "Restore the blobs from a backup, or start with --rebuild to build all state from the log again.");

    // Newest first.
    private static async ValueTask<List<long>> GenerationsAsync(
        ISnapshotStore store, CancellationToken cancellationToken)
    {
        IReadOnlyList<SnapshotBlobInfo> blobs = await store.ListAsync(CheckpointManifest.Prefix, cancellationToken);
        return [.. blobs.Select(b => CheckpointManifest.GenerationOf(b.Name)).Where(g => g > 0).OrderDescending()];
    }

    private static async ValueTask<CheckpointManifest?> ReadAsync(
        ISnapshotStore store,
        long generation,
        ImmutableArray<string>.Builder recovered,
        CancellationToken cancellationToken)
    {
        string name = CheckpointManifest.NameOf(generation);
        SnapshotBlob? blob = await store.GetAsync(name, cancellationToken);
        if (blob is null)
        {
            return null;
        }

        try
        {
            return ManifestCodec.Decode(name, blob.Content.Span);
        }
        catch (CheckpointCorruptException e)
        {
            recovered.Add($"{e.Message} An older checkpoint is looked for.");
            return null;
        }
    }

    /// <summary>Opens the segments of a manifest; null when they are not what it says.</summary>
    private static async ValueTask<ImmutableArray<SegmentIndex>?> OpenAsync(
        ISnapshotStore store,
        CheckpointManifest manifest,
        ImmutableArray<string>.Builder recovered,
        CancellationToken cancellationToken)
    {
        try
        {
            Dictionary<string, long> sizes = (await store.ListAsync(SegmentName.Prefix, cancellationToken))
                .ToDictionary(b => b.Name, b => b.Bytes, StringComparer.Ordinal);
            var segments = ImmutableArray.CreateBuilder<SegmentIndex>(manifest.Segments.Length);
            foreach (SegmentInfo segment in manifest.Segments)
            {
                long bytes = sizes.GetValueOrDefault(segment.Name, -1);
                if (bytes != segment.Bytes)
                {
                    throw new CheckpointCorruptException(segment.Name, Math.Max(bytes, 0), bytes < 0
                        ? "the segment is missing"
                        : $"the segment has {bytes} bytes instead of {segment.Bytes}");
                }

                segments.Add(await SegmentIndex.OpenAsync(store, segment, cancellationToken));
            }

            return segments.MoveToImmutable();
        }
        catch (CheckpointCorruptException e)
        {
            recovered.Add($"{manifest.BlobName} cannot be used: {e.Message} An older checkpoint is looked for.");
            return null;
        }
    }

    private static string Describe(CheckpointManifest? newest) =>
        newest is null
            ? "There is no checkpoint yet."
            : $"Checkpoint {newest.Generation} of owner '{newest.OwnerId}' (epoch {newest.Epoch}): "
                + $"{newest.Segments.Length} {(newest.Segments.Length == 1 ? "segment" : "segments")}, "
                + $"{newest.Segments.Sum(s => s.Bytes)} bytes.";
}
