namespace ContextGrid.Runtime.Checkpoints;

/// <summary>
/// Reads the ownership and replaces it by compare-and-swap. A write whose outcome is unknown is read back and compared,
/// byte for byte: each write has a random id (I4).
/// </summary>
/// <param name="store">Where it is.</param>
internal sealed class OwnershipStore(ISnapshotStore store)
{
    private const int AttemptsMax = 32;

    /// <summary>Reads it; null: the store has none.</summary>
    /// <exception cref="CheckpointCorruptException">It is not what was written.</exception>
    /// <exception cref="SnapshotStoreException">The store can't be read.</exception>
    public async ValueTask<StoredOwnership?> ReadAsync(CancellationToken cancellationToken) =>
        await store.GetAsync(Ownership.BlobName, cancellationToken) is { } blob
            ? new StoredOwnership(OwnershipCodec.Decode(blob.Content.Span), blob.ETag)
            : null;

    /// <summary>Writes it if nobody has written since.</summary>
    /// <param name="next">What to write.</param>
    /// <param name="etag">What it replaces; null: there is none.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>False: this write is not the newest. It may have been, or may come to be; read again.</returns>
    /// <exception cref="SnapshotStoreException">The store is full, away or refuses.</exception>
    public async ValueTask<bool> TryPutAsync(Ownership next, string? etag, CancellationToken cancellationToken)
    {
        byte[] content = OwnershipCodec.Encode(next, Guid.NewGuid());
        PutResult put = await store.PutAsync(
            Ownership.BlobName, content, etag is null ? PutCondition.Absent : new PutCondition(false, etag),
            cancellationToken);
        return put.Outcome == PutOutcome.Done
            || (await store.GetAsync(Ownership.BlobName, cancellationToken) is { } found
                && found.Content.Span.SequenceEqual(content));
    }

    /// <summary>Changes it.</summary>
    /// <param name="change">What to write in place of what is there; null: nothing. It is asked again whenever somebody
    /// else was faster, and when it is unknown whether an earlier answer was written.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The newest ownership.</returns>
    /// <exception cref="SnapshotStoreException">The store is away, or nobody can tell what was written.</exception>
    public async ValueTask<Ownership> ChangeAsync(
        Func<Ownership, Ownership?> change, CancellationToken cancellationToken)
    {
        for (int attempt = 0; attempt < AttemptsMax; attempt++)
        {
            StoredOwnership found = await ReadAsync(cancellationToken) ?? throw new SnapshotStoreException(
                $"The blob {Ownership.BlobName} is gone: somebody has emptied the store. Stop this process.");
            Ownership? next = change(found.Ownership);
            if (next is null)
            {
                return found.Ownership;
            }

            if (await TryPutAsync(next, found.ETag, cancellationToken))
            {
                return next;
            }
        }

        throw new SnapshotStoreException(
            $"{Ownership.BlobName} could not be written in {AttemptsMax} attempts: others write it at the same time, "
            + "or the store does not tell outcomes. Look at the store's own state.");
    }
}

/// <summary>The ownership as it is in the store.</summary>
/// <param name="Ownership">What it says.</param>
/// <param name="ETag">For the next write.</param>
internal sealed record StoredOwnership(Ownership Ownership, string ETag);
