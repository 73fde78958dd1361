using System.Collections.Immutable;

namespace ContextGrid.Runtime.Checkpoints;

/// <summary>
/// Deletes what no checkpoint needs. It only ever touches generations up to the one that its owner has just published,
/// so that an owner that was paused here and has been replaced meanwhile can harm nothing newer (I5). A failure is not
/// one of the checkpoint: what could not be deleted is tried again.
/// </summary>
/// <param name="store">Where the blobs are.</param>
/// <param name="grace">How long a segment stays after the last manifest that names it.</param>
/// <param name="time">The clock for the grace.</param>
internal sealed class CheckpointGarbage(ISnapshotStore store, TimeSpan grace, TimeProvider time)
{
    private const int ManifestsKept = 3;

    // Names of segments, and since when nobody may need them.
    private readonly Dictionary<string, long> _candidates = new(StringComparer.Ordinal);
    private int _holds;

    /// <summary>Keeps everything that is there until it is disposed of. May be called by any thread.</summary>
    public IDisposable Hold()
    {
        Interlocked.Increment(ref _holds);
        return new Held(this);
    }

    /// <summary>Names segments that may not be needed any more.</summary>
    public void Add(IEnumerable<SegmentInfo> segments)
    {
        foreach (SegmentInfo segment in segments)
        {
            _candidates.TryAdd(segment.Name, time.GetTimestamp());
        }
    }

    /// <summary>After a publish: deletes candidates that the two newest manifests do not name and whose grace is over,
    /// and old manifests.</summary>
    public async ValueTask CollectAsync(
        CheckpointManifest newest, CheckpointManifest before, CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _holds) > 0)
        {
            return;
        }

        try
        {
            await DeleteCandidatesAsync(Named([newest, before]), cancellationToken);
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

    /// <summary>After opening: deletes segments that no readable manifest names, left by a crash before a publish or
    /// during the grace of an earlier owner. Their own grace begins now.</summary>
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
                    _candidates.TryAdd(blob.Name, time.GetTimestamp());
                }
            }

            await DeleteCandidatesAsync(named, cancellationToken);
        }
        catch (SnapshotStoreException)
        {
            // Orphans cost space only; they are tried again.
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

    private async ValueTask DeleteCandidatesAsync(HashSet<string> named, CancellationToken cancellationToken)
    {
        foreach ((string name, long since) in _candidates.ToArray())
        {
            if (named.Contains(name))
            {
                _candidates.Remove(name);
            }
            else if (grace == TimeSpan.Zero || time.GetElapsedTime(since) >= grace)
            {
                await store.DeleteAsync(name, cancellationToken);
                _candidates.Remove(name);
            }
        }
    }

    private sealed class Held(CheckpointGarbage garbage) : IDisposable
    {
        private int _released;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _released, 1) == 0)
            {
                Interlocked.Decrement(ref garbage._holds);
            }
        }
    }
}
