using System.Collections.Immutable;

namespace ContextGrid.Runtime.Checkpoints;

/// <summary>
/// Deletes what no checkpoint needs. It only ever touches generations up to the one that its owner has just published,
/// so that an owner that was paused here and has been replaced meanwhile can harm nothing newer (I5). A failure is not
/// one of the checkpoint: what could not be deleted is tried again.
/// </summary>
/// <param name="store">Where the blobs are.</param>
internal sealed class CheckpointGarbage(ISnapshotStore store)
{
    private const int ManifestsKept = 3;

    private readonly HashSet<string> _candidates = new(StringComparer.Ordinal);

    /// <summary>Names segments that may not be needed any more.</summary>
    public void Add(IReadOnlyCollection<SegmentInfo> segments)
    {
        foreach (SegmentInfo segment in segments)
        {
            _candidates.Add(segment.Name);
        }
    }

    /// <summary>After a publish: deletes candidates that the two newest manifests do not name, and old
    /// manifests.</summary>
    public async ValueTask CollectAsync(
        CheckpointManifest newest, CheckpointManifest before, CancellationToken cancellationToken)
    {
        try
        {
            HashSet<string> named = Named([newest, before]);
            foreach (string name in _candidates.ToArray())
            {
                if (!named.Contains(name))
                {
                    await store.DeleteAsync(name, cancellationToken);
                }

                _candidates.Remove(name);
            }

            foreach (SnapshotBlobInfo blob in await store.ListAsync(CheckpointManifest.Prefix, cancellationToken))
            {
                long generation = CheckpointManifest.GenerationOf(blob.Name);
                if (generation > 0 && generation <= newest.Generation - ManifestsKept)
                {
                    await store.DeleteAsync(blob.Name, cancellationToken);
                }
            }
        }
        catch (SnapshotStoreException)
        {
            // The checkpoint is published all the same; the next one collects again.
        }
    }

    /// <summary>After opening: deletes segments that no readable manifest names, left by a crash before a
    /// publish.</summary>
    public async ValueTask CollectOrphansAsync(
        CheckpointManifest own, ImmutableArray<CheckpointManifest> readable, CancellationToken cancellationToken)
    {
        try
        {
            HashSet<string> named = Named([own, .. readable]);
            foreach (SnapshotBlobInfo blob in await store.ListAsync(SegmentName.Prefix, cancellationToken))
            {
                long generation = SegmentName.GenerationOf(blob.Name);
                if (generation >= 0 && generation <= own.Generation && !named.Contains(blob.Name))
                {
                    await store.DeleteAsync(blob.Name, cancellationToken);
                }
            }
        }
        catch (SnapshotStoreException)
        {
            // Orphans cost space only; the next opening tries again.
        }
    }

    private static HashSet<string> Named(ReadOnlySpan<CheckpointManifest> manifests)
    {
        var named = new HashSet<string>(StringComparer.Ordinal);
        foreach (CheckpointManifest manifest in manifests)
        {
            foreach (SegmentInfo segment in manifest.Segments)
            {
                named.Add(segment.Name);
            }
        }

        return named;
    }
}
