namespace ContextGrid.Runtime.Checkpoints;

/// <summary>
/// Publishes a manifest by put-if-absent: the compare-and-swap that makes a checkpoint durable, and by which a seal
/// fences the owner of a lineage.
/// </summary>
/// <param name="store">Where to.</param>
internal sealed class ManifestPublisher(ISnapshotStore store)
{
    private const int AttemptsMax = 8;

    /// <summary>
    /// Puts the manifest; an unknown outcome is resolved by reading back and comparing (I4). Then makes sure that it is
    /// the newest of its lineage and that the one before is there: the name of an old generation becomes free again
    /// when it is collected, so that an owner that slept for long could otherwise put its manifest far behind the
    /// newest, or behind the end of its lineage.
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

                if (found is null && await MayStillPutAsync(manifest, cancellationToken))
                {
                    continue;
                }
            }

            return await IsNewestAsync(manifest, cancellationToken)
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

    private async ValueTask<bool> MayStillPutAsync(CheckpointManifest manifest, CancellationToken cancellationToken)
    {
        long[] there = await GenerationsAsync(store, manifest.Lineage, cancellationToken);
        return there.Length == 0 || there[0] <= manifest.Generation;
    }

    private async ValueTask<bool> IsNewestAsync(CheckpointManifest manifest, CancellationToken cancellationToken)
    {
        long[] there = await GenerationsAsync(store, manifest.Lineage, cancellationToken);
        return there.Length > 0 && there[0] == manifest.Generation
            && (manifest.Generation == 1 || there.Contains(manifest.Generation - 1));
    }

    /// <summary>The generations of a lineage, newest first.</summary>
    internal static async ValueTask<long[]> GenerationsAsync(
        ISnapshotStore store, long lineage, CancellationToken cancellationToken)
    {
        IReadOnlyList<SnapshotBlobInfo> blobs = await store.ListAsync(
            CheckpointManifest.FolderOf(lineage), cancellationToken);
        return
        [
            .. blobs.Select(b => CheckpointManifest.BaseOf(b.Name).Generation).Where(g => g > 0).OrderDescending(),
        ];
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
