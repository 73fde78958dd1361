using ContextGrid.Runtime.Shards;

namespace ContextGrid.Runtime.Checkpoints;

/// <summary>How the checkpoints of a store are opened.</summary>
internal sealed record CheckpointOpening
{
    private const int AttemptsMax = 16;

    /// <summary>True: what there is is passed over, and all shards begin with nothing. Older owners are fenced all the
    /// same, which they would not be by a store that was emptied.</summary>
    public bool Forget { get; init; }

    /// <summary>Looks at the checkpoint that would be taken over, before the owner so far loses it; throws what
    /// the opening is to end with.</summary>
    public Func<CheckpointManifest, ValueTask> Accept { get; init; } = _ => default;

    /// <summary>Takes all shards of a store: ends the lineages of their owners, and writes the ownership once.
    /// </summary>
    /// <param name="store">The store.</param>
    /// <param name="self">The owner, without its lineage.</param>
    /// <param name="time">The clock.</param>
    /// <param name="options">The limits.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The new ownership, and what was found; null: somebody else was faster.</returns>
    /// <exception cref="SnapshotStoreException">The store can't be used, or the state of a shard can't be
    /// used.</exception>
    internal async ValueTask<OpenedStore?> TryTakeAllAsync(
        ISnapshotStore store,
        ShardOwner self,
        TimeProvider time,
        CheckpointOptions options,
        CancellationToken cancellationToken)
    {
        var ownerships = new OwnershipStore(store);
        (Ownership before, string? etag) = await ReadAsync(store, ownerships, options, cancellationToken);
        ShardRecovery found = await ShardRecovery.FindAsync(store, before, Forget, cancellationToken);
        await Accept(found.Summary(shard => before.Shards[shard].Epoch));
        foreach (LineageState lineage in found.Lineages)
        {
            if (!await lineage.TrySealAsync(store, self.Name, time, cancellationToken))
            {
                return null;
            }
        }

        long own = before.LineagesUsed + 1;
        var moves = new Dictionary<int, ShardMove>();
        foreach (LoadedBase from in found.Bases)
        {
            foreach (int shard in from.Shards.Shards())
            {
                moves[shard] = new ShardMove(own, from.Manifest.Base, IsLost: true);
            }
        }

        Ownership next = before.Moved(moves) with { LineagesUsed = own, Owners = [self with { Lineage = own }] };
        return await ownerships.TryPutAsync(next, etag, cancellationToken)
            ? new OpenedStore(next, own, found)
            : null;
    }

    /// <summary>Registers an owner that owns nothing yet.</summary>
    /// <inheritdoc cref="TryTakeAllAsync"/>
    internal async ValueTask<OpenedStore?> TryJoinAsync(
        ISnapshotStore store, ShardOwner self, CheckpointOptions options, CancellationToken cancellationToken)
    {
        var ownerships = new OwnershipStore(store);
        (Ownership before, string? etag) = await ReadAsync(store, ownerships, options, cancellationToken);
        await Accept(await NewestAsync(store, before, cancellationToken));
        long own = before.LineagesUsed + 1;

        // A write of this same process that seemed to be lost may have registered it before.
        long[] same = [.. before.Owners.Where(o => o.Address == self.Address).Select(o => o.Lineage)];
        Ownership left = before.Without(same);
        Ownership next = left with
        {
            Version = before.Version + 1,
            LineagesUsed = own,
            Owners = left.Owners.Add(self with { Lineage = own }),
        };
        var nothing = new ShardRecovery([], [], []);
        return await ownerships.TryPutAsync(next, etag, cancellationToken)
            ? new OpenedStore(next, own, nothing)
            : null;
    }

    /// <summary>Repeats an attempt until it succeeds.</summary>
    /// <exception cref="SnapshotStoreException">It never does.</exception>
    internal static async ValueTask<T> RepeatAsync<T>(Func<ValueTask<T?>> attempt)
        where T : class
    {
        for (int i = 0; i < AttemptsMax; i++)
        {
            if (await attempt() is { } done)
            {
                return done;
            }
        }

        throw new SnapshotStoreException(
            $"The checkpoints could not be opened in {AttemptsMax} attempts: other owners open them at the "
            + "same time. Make sure that only one grid uses this store.");
    }

    private async ValueTask<(Ownership Ownership, string? ETag)> ReadAsync(
        ISnapshotStore store,
        OwnershipStore ownerships,
        CheckpointOptions options,
        CancellationToken cancellationToken)
    {
        try
        {
            if (await ownerships.ReadAsync(cancellationToken) is { } read)
            {
                return (read.Ownership, read.ETag);
            }

            IReadOnlyList<SnapshotBlobInfo> manifests = await store.ListAsync(
                CheckpointManifest.Prefix, cancellationToken);
            if (manifests.Count == 0)
            {
                return (Ownership.OfNewStore(options.ShardCount), null);
            }

            // Another owner may have made the store just now.
            if (await ownerships.ReadAsync(cancellationToken) is { } late)
            {
                return (late.Ownership, late.ETag);
            }

            return Forget
                ? (await OfListAsync(store, options, cancellationToken), null)
                : throw WithoutOwnership(manifests);
        }
        catch (CheckpointCorruptException e) when (!Forget)
        {
            throw new SnapshotStoreException(
                $"{e.Message} It says which checkpoints count. Restore the blobs from a backup, or start with "
                + "--rebuild to build all state from the log again.",
                e);
        }
        catch (CheckpointCorruptException)
        {
            SnapshotBlob? blob = await store.GetAsync(Ownership.BlobName, cancellationToken);
            return (await OfListAsync(store, options, cancellationToken), blob?.ETag);
        }
    }

    private static SnapshotStoreException WithoutOwnership(IReadOnlyList<SnapshotBlobInfo> manifests) =>
        manifests.Any(m => CheckpointManifest.IsOfVersion1(m.Name))
            ? new SnapshotStoreException(
                "The checkpoints have format version 1, and this program reads version 2: start with --rebuild to "
                + "build all state from the log again, or use the program that wrote them.")
            : new SnapshotStoreException(
                $"There are checkpoints, but the blob '{Ownership.BlobName}' that says which of them count is missing. "
                + "Restore the blobs from a backup, or start with --rebuild to build all state from the log again.");

    /// <summary>What is to be forgotten and has no readable ownership: each lineage that has manifests may have an
    /// owner that is to be fenced, so each gets a shard.</summary>
    private static async ValueTask<Ownership> OfListAsync(
        ISnapshotStore store, CheckpointOptions options, CancellationToken cancellationToken)
    {
        IReadOnlyList<SnapshotBlobInfo> manifests = await store.ListAsync(CheckpointManifest.Prefix, cancellationToken);
        long[] lineages =
        [
            .. manifests.Select(m => CheckpointManifest.BaseOf(m.Name).Lineage).Where(l => l > 0).Distinct().Order(),
        ];
        Ownership empty = Ownership.OfNewStore(options.ShardCount);
        return empty with
        {
            LineagesUsed = lineages.LastOrDefault(),
            Shards =
            [
                .. empty.Shards.Select((s, i) => i < lineages.Length ? s with { Owner = lineages[^(i + 1)] } : s),
            ],
        };
    }

    private static async ValueTask<CheckpointManifest> NewestAsync(
        ISnapshotStore store, Ownership ownership, CancellationToken cancellationToken)
    {
        var bases = new List<LoadedBase>();
        foreach (long owner in ownership.Shards.Select(s => s.Owner).Where(o => o > 0).Distinct())
        {
            LineageState state = await LineageState.ReadAsync(store, owner, default, [], cancellationToken);
            if (state.Whole is { } manifest)
            {
                ShardSet named = ShardSet.Of(manifest.Content.Shards.Select(s => s.Shard));
                bases.Add(new LoadedBase(manifest, named.Intersect(ownership.ShardsOf(owner)), []));
            }
        }

        return CheckpointManifest.Empty with
        {
            Content = MergedContent.Of(bases, shard => ownership.Shards[shard].Epoch),
        };
    }
}

/// <summary>A store of which a new owner has written the ownership.</summary>
/// <param name="Ownership">The ownership.</param>
/// <param name="Lineage">The new owner's.</param>
/// <param name="Found">What it adopts.</param>
internal sealed record OpenedStore(Ownership Ownership, long Lineage, ShardRecovery Found);
