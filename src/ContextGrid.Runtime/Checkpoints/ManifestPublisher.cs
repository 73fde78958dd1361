namespace ContextGrid.Runtime.Checkpoints;

/// <summary>
/// Publishes a manifest by put-if-absent: the compare-and-swap that makes a checkpoint durable and fences old owners.
/// </summary>
/// <param name="store">Where to.</param>
internal sealed class ManifestPublisher(ISnapshotStore store)
{
    private const int AttemptsMax = 8;

    /// <summary>
    /// Puts the manifest; an unknown outcome is resolved by reading back and comparing (I4). Then makes sure that no
    /// newer manifest exists: the name of an old generation becomes free again when it is collected, so that an owner
    /// that slept for long could otherwise put its manifest far behind the newest.
    /// </summary>
    /// <exception cref="SnapshotStoreException">Nobody can tell whether it was published; publish again.</exception>
    public async ValueTask<PublishResult> PublishAsync(CheckpointManifest manifest, CancellationToken cancellationToken)
    {
        byte[] content = ManifestCodec.Encode(manifest);
        for (int attempt = 0; attempt < AttemptsMax; attempt++)
        {
            PutResult put = await store.PutAsync(
                manifest.BlobName, content, PutCondition.Absent, cancellationToken);
            if (put.Outcome != PutOutcome.Done)
            {
                SnapshotBlob? found = await store.GetAsync(manifest.BlobName, cancellationToken);
                if (found is not null && !found.Content.Span.SequenceEqual(content))
                {
                    return Other(manifest, found);
                }

                if (found is null && await NewestAsync(cancellationToken) <= manifest.Generation)
                {
                    continue;
                }
            }

            return await NewestAsync(cancellationToken) == manifest.Generation
                ? new PublishResult(PublishOutcome.Published, manifest)
                : new PublishResult(PublishOutcome.Fenced, null);
        }

        throw new SnapshotStoreException(
            $"{manifest.BlobName} could not be published in {AttemptsMax} attempts, and reading back does not show it. "
            + "Nothing is lost: publish again when the store is well.");
    }

    private static PublishResult Other(CheckpointManifest manifest, SnapshotBlob found)
    {
        try
        {
            CheckpointManifest other = ManifestCodec.Decode(manifest.BlobName, found.Content.Span);
            return new PublishResult(
                other.Writer == manifest.Writer ? PublishOutcome.EarlierOwn : PublishOutcome.Fenced, other);
        }
        catch (CheckpointCorruptException)
        {
            return new PublishResult(PublishOutcome.Fenced, null);
        }
    }

    private async ValueTask<long> NewestAsync(CancellationToken cancellationToken)
    {
        long newest = 0;
        foreach (SnapshotBlobInfo blob in await store.ListAsync(CheckpointManifest.Prefix, cancellationToken))
        {
            newest = Math.Max(newest, CheckpointManifest.GenerationOf(blob.Name));
        }

        return newest;
    }
}

/// <summary>How a publish ended.</summary>
internal enum PublishOutcome
{
    /// <summary>The manifest is the newest.</summary>
    Published,

    /// <summary>An earlier attempt of the same opening, whose outcome was unknown, has this generation.</summary>
    EarlierOwn,

    /// <summary>Another opening has this generation or a newer one.</summary>
    Fenced,
}

/// <summary>How a publish ended.</summary>
/// <param name="Outcome">The outcome.</param>
/// <param name="Manifest">The manifest that has this generation, when it is known.</param>
internal readonly record struct PublishResult(PublishOutcome Outcome, CheckpointManifest? Manifest);
