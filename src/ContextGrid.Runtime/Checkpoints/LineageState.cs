using System.Collections.Immutable;
using ContextGrid.Runtime.Shards;

namespace ContextGrid.Runtime.Checkpoints;

/// <summary>What is in the store of one owner's incarnation.</summary>
/// <param name="Lineage">Whose it is.</param>
/// <param name="Newest">The newest generation that has a manifest or seal, valid or not; 0: none.</param>
/// <param name="IsSealed">Whether nothing can be published after it.</param>
/// <param name="Whole">The newest checkpoint that can be used; null: there is none.</param>
/// <param name="Segments">Its segments, as far as they were wanted, ready for look-ups.</param>
/// <param name="Fault">Why a newer one can't be used; null: there is no newer one.</param>
internal sealed record LineageState(
    long Lineage,
    long Newest,
    bool IsSealed,
    CheckpointManifest? Whole,
    ImmutableArray<SegmentIndex> Segments,
    CheckpointCorruptException? Fault)
{
    /// <summary>Reads the manifests from the newest to the oldest and takes the first that is whole.</summary>
    /// <param name="store">Where they are.</param>
    /// <param name="lineage">Whose.</param>
    /// <param name="wanted">The shards whose segments are opened; none: the first manifest that can be read is
    /// taken.</param>
    /// <param name="recovered">Takes what was found, in sentences for people.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="SnapshotStoreException">The store can't be read.</exception>
    public static async ValueTask<LineageState> ReadAsync(
        ISnapshotStore store,
        long lineage,
        ShardSet wanted,
        List<string> recovered,
        CancellationToken cancellationToken)
    {
        long[] generations = await ManifestPublisher.GenerationsAsync(store, lineage, cancellationToken);
        CheckpointCorruptException? fault = null;
        bool isSealed = false;
        foreach (long generation in generations)
        {
            string name = CheckpointManifest.NameOf(lineage, generation);
            try
            {
                CheckpointManifest? manifest = await ReadAsync(store, name, cancellationToken);
                isSealed |= manifest is { IsSeal: true } && generation == generations[0];
                if (manifest is null or { IsSeal: true })
                {
                    continue; // Collected since, or the end.
                }

                ImmutableArray<SegmentIndex> segments = await OpenAsync(store, manifest, wanted, cancellationToken);
                return new LineageState(lineage, generations[0], isSealed, manifest, segments, fault);
            }
            catch (CheckpointCorruptException e)
            {
                fault ??= e;
                recovered.Add(e.Blob == name
                    ? $"{e.Message} An older checkpoint is looked for."
                    : $"{name} cannot be used: {e.Message} An older checkpoint is looked for.");
            }
        }

        return new LineageState(lineage, generations.FirstOrDefault(), isSealed, null, [], fault);
    }

    /// <summary>Reads a manifest; null: there is none.</summary>
    /// <exception cref="CheckpointCorruptException">It is not what was written.</exception>
    internal static async ValueTask<CheckpointManifest?> ReadAsync(
        ISnapshotStore store, string name, CancellationToken cancellationToken) =>
        await store.GetAsync(name, cancellationToken) is { } blob
            ? ManifestCodec.Decode(name, blob.Content.Span)
            : null;

    /// <summary>Opens the segments of a manifest that count for some shards.</summary>
    /// <exception cref="CheckpointCorruptException">One is not what the manifest says.</exception>
    internal static async ValueTask<ImmutableArray<SegmentIndex>> OpenAsync(
        ISnapshotStore store, CheckpointManifest manifest, ShardSet wanted, CancellationToken cancellationToken)
    {
        var segments = ImmutableArray.CreateBuilder<SegmentIndex>();
        foreach (SegmentInfo segment in manifest.Segments)
        {
            if (!segment.Shards.Intersect(wanted).IsEmpty)
            {
                segments.Add(await SegmentIndex.OpenAsync(store, segment, cancellationToken));
            }
        }

        return segments.ToImmutable();
    }

    /// <summary>
    /// Ends the lineage, so that its owner can publish nothing more, provided that <see cref="Newest"/> still is its
    /// newest.
    /// </summary>
    /// <returns>False: it has published meanwhile; read again.</returns>
    /// <exception cref="SnapshotStoreException">The store is away, or nobody can tell.</exception>
    public async ValueTask<bool> TrySealAsync(
        ISnapshotStore store, string ownerId, TimeProvider time, CancellationToken cancellationToken)
    {
        if (IsSealed)
        {
            return true;
        }

        var seal = new CheckpointManifest
        {
            IsSeal = true,
            Lineage = Lineage,
            Generation = Newest + 1,
            OwnerId = ownerId,
            Writer = Guid.NewGuid(),
            CreatedMs = time.GetUtcNow().ToUnixTimeMilliseconds(),
        };
        PublishResult result = await new ManifestPublisher(store).PublishAsync(seal, cancellationToken);
        return result.Outcome == PublishOutcome.Published;
    }

    /// <summary>The checkpoint that has a shard's state, of the shards that the lineage owns.</summary>
    /// <param name="shard">The shard.</param>
    /// <param name="record">Its ownership.</param>
    /// <exception cref="CheckpointCorruptException">No checkpoint that can be used has it.</exception>
    public ShardBase BaseOf(int shard, ShardRecord record)
    {
        if (Whole?.Of(shard)?.Epoch == record.Epoch)
        {
            return Whole.Base;
        }

        // A checkpoint that can't be used may have had it: what began empty must not begin empty again.
        return Fault is not null && record.Base.Lineage == 0 ? throw Fault : record.Base;
    }
}
