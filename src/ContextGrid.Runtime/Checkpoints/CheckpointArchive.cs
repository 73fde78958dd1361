using System.Globalization;

namespace ContextGrid.Runtime.Checkpoints;

/// <summary>
/// Copies the checkpoints of a store aside, below <c>old-TIME/</c> in the same store. The copy is a store of
/// checkpoints itself: a server that is given this prefix starts on it.
/// </summary>
internal static class CheckpointArchive
{
    /// <summary>Copies every segment, every manifest and the ownership, in this order: a copy with an ownership is
    /// whole.</summary>
    /// <param name="store">The store.</param>
    /// <param name="time">The clock, for the prefix.</param>
    /// <param name="cancellationToken">Ends the copying; what was copied stays.</param>
    /// <returns>The prefix of the copy; null: there was nothing to copy.</returns>
    /// <exception cref="SnapshotStoreException">A blob could not be copied, or has gone meanwhile.</exception>
    public static async ValueTask<string?> CopyAsync(
        ISnapshotStore store, TimeProvider time, CancellationToken cancellationToken)
    {
        IReadOnlyList<SnapshotBlobInfo> manifests = await store.ListAsync(CheckpointManifest.Prefix, cancellationToken);
        if (manifests.Count == 0)
        {
            return null;
        }

        string prefix = "old-" + time.GetUtcNow().ToString("yyyyMMddHHmmssfff", CultureInfo.InvariantCulture);
        IReadOnlyList<SnapshotBlobInfo> segments = await store.ListAsync(SegmentName.Prefix, cancellationToken);
        foreach (string name in segments.Concat(manifests).Select(b => b.Name))
        {
            await CopyAsync(store, name, $"{prefix}/{name}", cancellationToken);
        }

        if (await store.GetAsync(Ownership.BlobName, cancellationToken) is not null)
        {
            await CopyAsync(store, Ownership.BlobName, $"{prefix}/{Ownership.BlobName}", cancellationToken);
        }

        return prefix;
    }

    private static async ValueTask CopyAsync(
        ISnapshotStore store, string from, string to, CancellationToken cancellationToken)
    {
        SnapshotBlob blob = await store.GetAsync(from, cancellationToken) ?? throw new SnapshotStoreException(
            $"{from} went away while the checkpoints were put aside: another server uses them. Stop it first.");
        PutResult put = await store.PutAsync(to, blob.Content, PutCondition.Absent, cancellationToken);
        bool isThere = put.Outcome == PutOutcome.Done
            || (await store.GetAsync(to, cancellationToken) is { } copy
                && copy.Content.Span.SequenceEqual(blob.Content.Span));
        if (!isThere)
        {
            throw new SnapshotStoreException(
                $"{to} could not be written, and reading back does not show it. Start again when the store is well.");
        }
    }
}
