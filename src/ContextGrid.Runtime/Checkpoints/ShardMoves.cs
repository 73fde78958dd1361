using ContextGrid.Runtime.Shards;

namespace ContextGrid.Runtime.Checkpoints;

/// <summary>
/// Moves shards between the owners of a store: each move is one compare-and-swap of the ownership, whatever the number
/// of shards. Thread-safe.
/// </summary>
/// <param name="store">The store.</param>
/// <param name="self">The lineage of this owner.</param>
/// <param name="name">Names this owner to people.</param>
/// <param name="time">The clock for the seals' times.</param>
internal sealed class ShardMoves(ISnapshotStore store, long self, string name, TimeProvider time)
{
    private const int SealAttemptsMax = 16;

    private readonly OwnershipStore _ownerships = new(store);
    private Ownership? _newest;

    /// <summary>The newest ownership that was seen.</summary>
    /// <exception cref="InvalidOperationException">None was.</exception>
    internal Ownership Newest => Volatile.Read(ref _newest)
        ?? throw new InvalidOperationException("The ownership has not been read yet.");

    /// <summary>Notes an ownership that was read or written; an older one than was seen changes nothing.</summary>
    internal void See(Ownership ownership)
    {
        Ownership? before = Volatile.Read(ref _newest);
        while (before is null || before.Version < ownership.Version)
        {
            Ownership? found = Interlocked.CompareExchange(ref _newest, ownership, before);
            if (ReferenceEquals(found, before))
            {
                return;
            }

            before = found;
        }
    }

    /// <summary>Reads the ownership.</summary>
    /// <exception cref="SnapshotStoreException">The store can't be read, or is another one.</exception>
    internal async ValueTask<Ownership> ReadAsync(CancellationToken cancellationToken) =>
        Seen(await _ownerships.ChangeAsync(_ => null, cancellationToken));

    /// <summary>Gives shards to other owners; those that this one no longer owns, and those for which the other one is
    /// not known, stay as they are.</summary>
    /// <param name="shardToLineage">For each shard, the lineage that gets it.</param>
    /// <param name="rebuilding">Those of them that this owner has not brought back.</param>
    /// <param name="leaves">Whether this owner is to be off the list once it has none: nobody gives it any again.
    /// </param>
    /// <param name="baseOf">The checkpoint that has a shard's state.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    internal async ValueTask<Ownership> GiveAsync(
        IReadOnlyDictionary<int, long> shardToLineage,
        ShardSet rebuilding,
        bool leaves,
        Func<int, ShardRecord, ShardBase> baseOf,
        CancellationToken cancellationToken)
    {
        Ownership? Change(Ownership now)
        {
            var moves = new Dictionary<int, ShardMove>();
            foreach ((int shard, long to) in shardToLineage)
            {
                ShardRecord record = now.Shards[shard];
                if (record.Owner == self && to != self && now.HasOwner(to))
                {
                    moves[shard] = new ShardMove(to, baseOf(shard, record), rebuilding.Contains(shard));
                }
            }

            return moves.Count == 0 ? null : leaves ? now.Moved(moves).Without([self]) : now.Moved(moves);
        }

        return Seen(await _ownerships.ChangeAsync(Change, cancellationToken));
    }

    /// <summary>Takes shards that nobody owns or whose owners are dead: ends the lineages of these first.</summary>
    /// <param name="shards">Which shards.</param>
    /// <param name="opened">Takes the segments that were opened on the way.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Those of them that this owner has now.</returns>
    /// <exception cref="OwnerFencedException">This owner is no longer one.</exception>
    /// <exception cref="CheckpointCorruptException">None could be taken, as no checkpoint that can be used has
    /// them.</exception>
    /// <exception cref="SnapshotStoreException">The store is away, or nobody can tell.</exception>
    internal async ValueTask<ShardSet> TakeAsync(
        ShardSet shards, Action<IEnumerable<SegmentIndex>> opened, CancellationToken cancellationToken)
    {
        Ownership before = await ReadAsync(cancellationToken);
        var ended = new Dictionary<long, LineageState>();
        foreach (long owner in shards.Shards().Select(s => before.Shards[s].Owner).Distinct())
        {
            if (owner != 0 && owner != self)
            {
                ended[owner] = await EndAsync(owner, shards.Intersect(before.ShardsOf(owner)), cancellationToken);
                opened(ended[owner].Segments);
            }
        }

        CheckpointCorruptException? fault = null;
        Ownership after = Seen(await _ownerships.ChangeAsync(
            now => Taken(now, shards, ended, ref fault), cancellationToken));
        ShardSet mine = shards.Intersect(after.ShardsOf(self));
        return mine.IsEmpty && fault is not null ? throw fault : mine;
    }

    /// <summary>Takes owners that own nothing off the list.</summary>
    internal async ValueTask<Ownership> RetireAsync(
        IReadOnlyCollection<long> lineages, CancellationToken cancellationToken) =>
        Seen(await _ownerships.ChangeAsync(
            now =>
            {
                Ownership next = now.Without(lineages);
                return next.Owners.Length == now.Owners.Length ? null : next with { Version = now.Version + 1 };
            },
            cancellationToken));

    private Ownership? Taken(
        Ownership now,
        ShardSet shards,
        Dictionary<long, LineageState> ended,
        ref CheckpointCorruptException? fault)
    {
        if (!now.HasOwner(self))
        {
            throw new OwnerFencedException(
                $"'{name}' (lineage {self}) is no longer an owner of this store: another process has taken its place. "
                + "Stop this process.");
        }

        var moves = new Dictionary<int, ShardMove>();
        foreach (int shard in shards.Shards())
        {
            ShardRecord record = now.Shards[shard];
            try
            {
                if (record.Owner == 0)
                {
                    moves[shard] = new ShardMove(self, record.Base, IsLost: true);
                }
                else if (ended.TryGetValue(record.Owner, out LineageState? state))
                {
                    moves[shard] = new ShardMove(self, state.BaseOf(shard, record), IsLost: true);
                }
            }
            catch (CheckpointCorruptException e)
            {
                fault ??= e;
            }
        }

        return moves.Count == 0 ? null : now.Moved(moves).Without(ended.Keys);
    }

    private async ValueTask<LineageState> EndAsync(
        long lineage, ShardSet wanted, CancellationToken cancellationToken)
    {
        for (int attempt = 0; attempt < SealAttemptsMax; attempt++)
        {
            LineageState state = await LineageState.ReadAsync(store, lineage, wanted, [], cancellationToken);
            if (await state.TrySealAsync(store, name, time, cancellationToken))
            {
                return state;
            }
        }

        throw new SnapshotStoreException(
            $"Lineage {lineage} could not be ended in {SealAttemptsMax} attempts: its owner goes on publishing, so it "
            + "is not dead.");
    }

    private Ownership Seen(Ownership ownership)
    {
        if (Volatile.Read(ref _newest) is { } known && known.Incarnation != ownership.Incarnation)
        {
            throw new SnapshotStoreException(
                "The store is not the one that this process began with: it was emptied and made anew. Stop this "
                + "process.");
        }

        See(ownership);
        return ownership;
    }
}
