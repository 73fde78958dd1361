namespace ContextGrid.Runtime.Checkpoints;

/// <summary>
/// A published checkpoint whose blobs stay until it is disposed of: garbage collection of this owner waits, while its
/// checkpoints go on. Read by anybody.
/// </summary>
internal sealed class CheckpointPin : IDisposable
{
    private readonly ISnapshotStore _store;
    private readonly IDisposable _hold;

    private CheckpointPin(
        ISnapshotStore store, IDisposable hold, CheckpointManifest manifest, Ownership ownership) =>
        (_store, _hold, Manifest, Ownership) = (store, hold, manifest, ownership);

    /// <summary>The checkpoint.</summary>
    public CheckpointManifest Manifest { get; }

    /// <summary>Who owned which shard when it was taken; a copy of the checkpoint needs it.</summary>
    public Ownership Ownership { get; }

    /// <summary>Keeps the newest checkpoint.</summary>
    /// <param name="store">Where the blobs are.</param>
    /// <param name="garbage">What would delete them.</param>
    /// <param name="current">Gives the newest checkpoint.</param>
    /// <param name="ownership">Gives the newest ownership.</param>
    public static CheckpointPin Take(
        ISnapshotStore store,
        CheckpointGarbage garbage,
        Func<CheckpointManifest> current,
        Func<Ownership> ownership)
    {
        // Held before it is looked at: a collection that has begun earlier keeps what is the newest now.
        IDisposable hold = garbage.Hold();
        return new CheckpointPin(store, hold, current(), ownership());
    }

    /// <summary>Reads a range of a segment.</summary>
    /// <returns>The bytes read; fewer only at the end.</returns>
    /// <exception cref="SnapshotStoreException">The store can't be read, or the segment is gone: another owner has
    /// taken over.</exception>
    public async ValueTask<int> ReadAsync(
        SegmentInfo segment, long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        int read = await _store.ReadAsync(segment.Name, offset, buffer, cancellationToken);
        return read >= 0 ? read : throw new SnapshotStoreException(
            $"{segment.Name} is gone while it was read: another owner of these checkpoints has deleted it.");
    }

    /// <inheritdoc/>
    public void Dispose() => _hold.Dispose();
}
