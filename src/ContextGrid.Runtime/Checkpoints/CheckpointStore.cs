using System.Collections.Immutable;
using ContextGrid.Runtime.Shards;
using Microsoft.Extensions.Logging;

namespace ContextGrid.Runtime.Checkpoints;

/// <summary>Receives one entity of a checkpoint.</summary>
/// <param name="entityType">The entity type's name.</param>
/// <param name="key">The entity's key; valid during the call.</param>
/// <param name="snapshot">Its snapshot; valid during the call.</param>
public delegate void EntityVisitor(string entityType, ReadOnlySpan<byte> key, ReadOnlySpan<byte> snapshot);

/// <summary>
/// The durable state of one owner's shards: immutable segments of changed entities and a lineage of manifests, each
/// published by compare-and-swap (I1). Opening a store takes all shards: an older owner's next publish fails (I5).
/// Joining takes none; shards then move by <see cref="HandOverAsync"/>, <see cref="TakeOverAsync"/> and
/// <see cref="AdoptAsync"/>.
/// </summary>
/// <remarks>
/// <para>A shard is owned by what the ownership says, and held when its state is in the view. A manifest names the held
/// shards.</para>
/// <para>One caller at a time builds, publishes, hands over and adopts; the merge of segments runs beside, and
/// ownership may be read and taken over by anybody. A crash at any step leaves the newest published manifest and its
/// segments whole. docs/STORAGE.md describes the bytes.</para>
/// </remarks>
public sealed class CheckpointStore : IAsyncDisposable
{
    private readonly ISnapshotStore _store;
    private readonly TimeProvider _time;
    private readonly CheckpointOptions _options;
    private readonly SegmentPublisher _segments;
    private readonly ManifestPublisher _manifests;
    private readonly ShardMoves _moves;
    private readonly CheckpointGarbage _garbage;
    private readonly LiveSegments _live;
    private readonly CheckpointMerger _merger;
    private readonly SortedDictionary<int, long> _held = []; // The epoch of each held shard.
    private ImmutableArray<SegmentInfo> _entries = [];
    private CheckpointManifest _before = CheckpointManifest.Empty;
    private CheckpointBuilder? _open;
    private string? _fenced;

    private CheckpointStore(
        ISnapshotStore store, string ownerId, TimeProvider time, CheckpointOptions options, OpenedStore opened)
    {
        _store = store;
        _time = time;
        _options = options with { ShardCount = opened.Ownership.Shards.Length };
        _segments = new SegmentPublisher(store, opened.Lineage);
        _manifests = new ManifestPublisher(store);
        _moves = new ShardMoves(store, opened.Lineage, ownerId, time);
        _moves.See(opened.Ownership);
        _garbage = new CheckpointGarbage(store, _moves, opened.Lineage, options.GarbageGrace, time);
        _live = new LiveSegments(store);
        Adopted = [.. opened.Found.Bases.SelectMany(Adopt).OrderBy(s => s.Shard)];
        _live.Publish(_entries);
        _merger = new CheckpointMerger(store, PutSegmentAsync, _live, _options);
        Recovered = opened.Found.Recovered;
        Current = new CheckpointManifest
        {
            Lineage = opened.Lineage,
            Generation = 1,
            OwnerId = ownerId,
            Writer = Guid.NewGuid(),
            CreatedMs = time.GetUtcNow().ToUnixTimeMilliseconds(),
            Content = MergedContent.Of(opened.Found.Bases, shard => _held[shard]),
            Segments = _entries,
        };
    }

    /// <summary>What opening found, in sentences for people; a checkpoint that could not be used is named
    /// here.</summary>
    public ImmutableArray<string> Recovered { get; }

    /// <summary>This owner's epoch: higher than that of every owner before.</summary>
    public long Epoch => Current.Epoch;

    /// <summary>The newest published manifest. After opening it is this owner's first one, with the recovered
    /// content.</summary>
    public CheckpointManifest Current { get; private set; }

    /// <summary>How many shards the store has.</summary>
    internal int ShardCount => _options.ShardCount;

    /// <summary>The newest ownership that was seen.</summary>
    internal Ownership Ownership => _moves.Newest;

    /// <summary>The shards that the opening has adopted.</summary>
    internal ImmutableArray<AdoptedShard> Adopted { get; }

    /// <summary>The shards that are held: those that every content has to name.</summary>
    internal ShardSet Held => ShardSet.Of(_held.Keys);

    /// <summary>The live segments of the held shards for look-ups; replaced by each publish and adoption before it
    /// returns.</summary>
    internal SegmentView View => _live.View;

    /// <summary>Why the last merge did not succeed; null: it did. It is tried again at the next publish.</summary>
    public string? MergeError => _merger.Error;

    /// <summary>Opens the checkpoints of a store, and takes all its shards.</summary>
    /// <param name="store">Where the checkpoints are; used by one grid only.</param>
    /// <param name="ownerId">Names this owner to people, such as host and process.</param>
    /// <param name="time">The clock for the manifests' creation times.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="SnapshotStoreException">The store can't be used, or none of its checkpoints is
    /// whole.</exception>
    public static ValueTask<CheckpointStore> OpenAsync(
        ISnapshotStore store, string ownerId, TimeProvider time, CancellationToken cancellationToken) => OpenAsync(
            store, ownerId, time, new CheckpointOptions(), cancellationToken);

    /// <summary>Opens the checkpoints of a store with other limits than the default.</summary>
    /// <inheritdoc cref="OpenAsync(ISnapshotStore, string, TimeProvider, CancellationToken)"/>
    /// <param name="store">Where the checkpoints are; used by one grid only.</param>
    /// <param name="ownerId">Names this owner to people, such as host and process.</param>
    /// <param name="time">The clock for the manifests' creation times.</param>
    /// <param name="options">The limits.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static ValueTask<CheckpointStore> OpenAsync(
        ISnapshotStore store,
        string ownerId,
        TimeProvider time,
        CheckpointOptions options,
        CancellationToken cancellationToken) =>
        OpenAsync(store, ownerId, time, options, new CheckpointOpening(), cancellationToken);

    internal static ValueTask<CheckpointStore> OpenAsync(
        ISnapshotStore store,
        string ownerId,
        TimeProvider time,
        CheckpointOptions options,
        CheckpointOpening opening,
        CancellationToken cancellationToken) =>
        CheckpointOpening.RepeatAsync(async () =>
        {
            OpenedStore? opened = await opening.TryTakeAllAsync(
                store, new ShardOwner(0, "", ownerId), time, options, cancellationToken);
            return await TryBeginAsync(store, ownerId, time, options, opened, cancellationToken);
        });

    /// <summary>Joins the owners of a store, as one that owns nothing yet.</summary>
    /// <param name="store">The store.</param>
    /// <param name="ownerId">Names this owner to people.</param>
    /// <param name="address">Where it is reached, as its topology says. Owners of this address that own nothing are
    /// taken off the list: they are earlier incarnations.</param>
    /// <param name="time">The clock.</param>
    /// <param name="options">The limits.</param>
    /// <param name="accept">Looks at a manifest that sums up what the owners have, before it joins; throws what the
    /// joining is to end with.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="SnapshotStoreException">The store can't be used.</exception>
    internal static ValueTask<CheckpointStore> JoinAsync(
        ISnapshotStore store,
        string ownerId,
        string address,
        TimeProvider time,
        CheckpointOptions options,
        Func<CheckpointManifest, ValueTask> accept,
        CancellationToken cancellationToken) =>
        CheckpointOpening.RepeatAsync(async () =>
        {
            OpenedStore? opened = await new CheckpointOpening { Accept = accept }.TryJoinAsync(
                store, new ShardOwner(0, address, ownerId), options, cancellationToken);
            return await TryBeginAsync(store, ownerId, time, options, opened, cancellationToken);
        });

    // Publishes the first manifest; null: somebody else was faster.
    private static async ValueTask<CheckpointStore?> TryBeginAsync(
        ISnapshotStore store,
        string ownerId,
        TimeProvider time,
        CheckpointOptions options,
        OpenedStore? opened,
        CancellationToken cancellationToken)
    {
        if (opened is null)
        {
            return null;
        }

        var begun = new CheckpointStore(store, ownerId, time, options, opened);
        PublishResult result = await begun._manifests.PublishAsync(begun.Current, cancellationToken);
        if (result.Outcome != PublishOutcome.Published)
        {
            await begun.DisposeAsync();
            return null;
        }

        await begun._garbage.CollectAsync(begun.Current, begun._before, cancellationToken);
        return begun;
    }

    /// <summary>Reads the ownership; thread-safe.</summary>
    /// <exception cref="SnapshotStoreException">The store can't be read.</exception>
    internal ValueTask<Ownership> RefreshOwnershipAsync(CancellationToken cancellationToken) =>
        _moves.ReadAsync(cancellationToken);

    /// <summary>
    /// Gives shards to other owners, in one write, after a publish that has their newest state. From the next manifest
    /// on they are no longer named; look-ups see them until then.
    /// </summary>
    /// <param name="shardToLineage">For each shard, the lineage of the owner that gets it.</param>
    /// <param name="rebuilding">Those of them that this owner has not brought back.</param>
    /// <param name="leaves">Whether this owner is to be off the list once it has none: nobody gives it any again.
    /// </param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>True: this owner has none of them any more. False: it still has some, as the owner that was to get them
    /// is not known.</returns>
    /// <exception cref="SnapshotStoreException">The store is away, or nobody can tell; call again.</exception>
    internal async ValueTask<bool> HandOverAsync(
        IReadOnlyDictionary<int, long> shardToLineage,
        ShardSet rebuilding,
        bool leaves,
        CancellationToken cancellationToken)
    {
        ThrowIfFenced();
        Ownership after = await _moves.GiveAsync(shardToLineage, rebuilding, leaves, BaseOf, cancellationToken);
        ShardSet given = ShardSet.Of(shardToLineage.Keys).Except(after.ShardsOf(Current.Lineage));
        Release(given);
        return given.Count == shardToLineage.Count;
    }

    /// <summary>Takes shards that nobody owns, or whose owners are dead: their lineages are ended first, so that an
    /// owner that wakes up can publish nothing. Thread-safe.</summary>
    /// <param name="shards">Which shards; the caller knows that their owners are dead.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Those of them that this owner has now; others were faster with the rest.</returns>
    /// <exception cref="OwnerFencedException">This owner is no longer one.</exception>
    /// <exception cref="CheckpointCorruptException">None could be taken; names the blob.</exception>
    /// <exception cref="SnapshotStoreException">The store is away, or nobody can tell; call again.</exception>
    internal ValueTask<ShardSet> TakeOverAsync(ShardSet shards, CancellationToken cancellationToken) =>
        _moves.TakeAsync(
            shards,
            segments =>
            {
                foreach (SegmentIndex segment in segments)
                {
                    _live.Prepare(segment);
                }
            },
            cancellationToken);

    /// <summary>Takes owners off the list that are gone and own nothing, so that what they have left is collected.
    /// Thread-safe.</summary>
    internal ValueTask<Ownership> RetireAsync(
        IReadOnlyCollection<long> lineages, CancellationToken cancellationToken) =>
        _moves.RetireAsync(lineages, cancellationToken);

    /// <summary>
    /// Brings the state of shards into the view that this owner owns and does not hold yet; without effect for others.
    /// </summary>
    /// <param name="shards">Which shards.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>What was adopted. A shard whose checkpoint can't be used is missing; asked for alone it throws.
    /// </returns>
    /// <exception cref="CheckpointCorruptException">None could be adopted; names the blob.</exception>
    /// <exception cref="SnapshotStoreException">The store can't be read.</exception>
    internal async ValueTask<ImmutableArray<AdoptedShard>> AdoptAsync(
        ShardSet shards, CancellationToken cancellationToken)
    {
        ThrowIfFenced();
        Ownership ownership = Ownership;
        var bases = new Dictionary<ShardBase, ShardSet>();
        foreach (int shard in shards.Intersect(ownership.ShardsOf(Current.Lineage)).Except(Held).Shards())
        {
            ShardBase start = ownership.Shards[shard].Base;
            bases[start] = bases.GetValueOrDefault(start).With(shard);
        }

        var loaded = new List<LoadedBase>();
        CheckpointCorruptException? fault = null;
        foreach ((ShardBase start, ShardSet of) in bases)
        {
            try
            {
                loaded.Add(await LoadedBase.ReadAsync(_store, start, of, cancellationToken));
            }
            catch (CheckpointCorruptException e)
            {
                fault ??= e;
            }
        }

        if (loaded.Count == 0 && fault is not null)
        {
            throw fault;
        }

        ImmutableArray<AdoptedShard> adopted = [.. loaded.SelectMany(Adopt).OrderBy(s => s.Shard)];
        _live.Publish(_entries);
        return adopted;
    }

    /// <summary>
    /// Visits every entity of <see cref="Current"/>, in no meaningful order. Call it before the first publish.
    /// </summary>
    /// <param name="visit">Called for one entity after another.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>How many entities.</returns>
    /// <exception cref="CheckpointCorruptException">A record is not what was written; names the blob and the
    /// offset.</exception>
    /// <exception cref="SnapshotStoreException">The store can't be read.</exception>
    public async ValueTask<long> ReadAllAsync(EntityVisitor visit, CancellationToken cancellationToken)
    {
        long entities = 0;
        using SegmentMerge merge = await SegmentMerge.OpenAsync(
            _store, Current.Segments, ShardCount, cancellationToken);
        while (await merge.MoveNextAsync(cancellationToken))
        {
            entities += Visit(merge.Current, visit);
        }

        return entities;
    }

    /// <summary>Goes through all entities of a checkpoint that is kept.</summary>
    /// <exception cref="CheckpointCorruptException">Names the blob and the offset.</exception>
    /// <exception cref="SnapshotStoreException">The store can't be read.</exception>
    internal ValueTask<SegmentMerge> MergeAsync(CheckpointPin pin, CancellationToken cancellationToken) =>
        SegmentMerge.OpenAsync(_store, pin.Manifest.Segments, ShardCount, cancellationToken);

    /// <summary>Looks one entity up in a view.</summary>
    /// <param name="view">From <see cref="View"/>.</param>
    /// <param name="key">The entity.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns><see cref="StoredOutcome.Gone"/> when a newer view has replaced a segment.</returns>
    /// <exception cref="CheckpointCorruptException">Names the blob and the offset.</exception>
    /// <exception cref="SnapshotStoreException">The store can't be read.</exception>
    internal ValueTask<StoredRecord> FindAsync(
        SegmentView view, StoredKey key, CancellationToken cancellationToken) =>
        view.FindAsync(_store, key, cancellationToken);

    /// <summary>Keeps the newest checkpoint in the store until it is disposed of. Thread-safe.</summary>
    internal CheckpointPin Pin() => CheckpointPin.Take(
        _store, _garbage, () => Current, () => Ownership);

    /// <summary>A check of all segments that are live now.</summary>
    internal CheckpointScrub Scrub(ILogger logger) => new(_store, () => View, _time, logger);

    /// <summary>Begins a checkpoint; only one is open at a time.</summary>
    /// <exception cref="InvalidOperationException">Another one is open.</exception>
    /// <exception cref="OwnerFencedException">Another owner has opened the checkpoints.</exception>
    public CheckpointBuilder BeginCheckpoint()
    {
        ThrowIfFenced();
        return _open is null
            ? _open = new CheckpointBuilder(this, _options)
            : throw new InvalidOperationException("A checkpoint is open; publish it or dispose of it first.");
    }

    /// <summary>Ends the merge that may run. Nothing published is affected; the store itself stays the
    /// caller's.</summary>
    public async ValueTask DisposeAsync()
    {
        _open?.Dispose();
        await _merger.DisposeAsync();
    }

    internal async ValueTask<SegmentInfo> PutSegmentAsync(
        SealedSegment segment, CancellationToken cancellationToken)
    {
        SegmentInfo info = await _segments.PutAsync(Current.Generation + 1, segment, cancellationToken);
        _live.Add(SegmentIndex.Of(info, segment.Content.Span));
        return info;
    }

    internal void End(IReadOnlyCollection<SegmentInfo> abandoned)
    {
        _open = null;
        Abandon(abandoned);
    }

    internal async ValueTask<long> PublishAsync(
        IReadOnlyCollection<SegmentInfo> added, CheckpointContent content, CancellationToken cancellationToken)
    {
        ThrowIfFenced();
        content = Checked(content);
        MergedRun? merged = await _merger.TakeAsync(_entries, segments => Abandon(segments));
        CheckpointManifest next;
        PublishResult result;
        do
        {
            next = Next(merged, added, content);
            await _live.PrepareAsync(next.Segments, cancellationToken);
            result = await _manifests.PublishAsync(next, cancellationToken);
            if (result is { Outcome: PublishOutcome.EarlierOwn, Manifest: not null })
            {
                // Its segments are in this attempt again, or were given up: what they had is in this attempt.
                Advance(result.Manifest);
            }
        }
        while (result.Outcome == PublishOutcome.EarlierOwn);

        if (result.Outcome == PublishOutcome.Fenced)
        {
            Fence(next.Generation, result.Manifest);
        }

        Advance(next);
        _entries = next.Segments;
        _live.Publish(_entries);
        if (merged is not null)
        {
            _merger.Forget();
        }

        await _garbage.CollectAsync(Current, _before, cancellationToken);
        await _merger.StartAsync(_entries);
        return next.Generation;
    }

    private static int Visit(SegmentReader? record, EntityVisitor visit)
    {
        if (record is null || record.Snapshot.IsEmpty)
        {
            return 0;
        }

        visit(record.Type, record.Key, record.Snapshot);
        return 1;
    }

    /// <summary>The content with the epochs of the held shards, and without shards that were handed over.</summary>
    /// <exception cref="InvalidOperationException">A held shard is missing.</exception>
    private CheckpointContent Checked(CheckpointContent content)
    {
        ShardSet missing = Held.Except(ShardSet.Of(content.Shards.Select(s => s.Shard)));
        return missing.IsEmpty
            ? content with
            {
                Shards =
                [
                    .. content.Shards.Where(s => _held.ContainsKey(s.Shard)).OrderBy(s => s.Shard)
                        .Select(s => s with { Epoch = _held[s.Shard] }),
                ],
            }
            : throw new InvalidOperationException(
                $"The content of a checkpoint has to name every shard that is held; shard {missing.Shards().First()} "
                + "is missing.");
    }

    private CheckpointManifest Next(
        MergedRun? merged, IReadOnlyCollection<SegmentInfo> added, CheckpointContent content)
    {
        ImmutableArray<SegmentInfo> segments = merged?.ApplyTo(_entries) ?? _entries;
        bool isBase = segments.IsEmpty;
        return Current with
        {
            Generation = Current.Generation + 1,
            CreatedMs = _time.GetUtcNow().ToUnixTimeMilliseconds(),
            Content = content,
            Segments = segments.AddRange(
                added.Select(s => s with { IsBase = isBase, Shards = Held }).Where(s => !s.Shards.IsEmpty)),
        };
    }

    private ShardBase BaseOf(int shard, ShardRecord record) =>
        Current.Of(shard)?.Epoch == record.Epoch ? Current.Base : record.Base;

    private IEnumerable<AdoptedShard> Adopt(LoadedBase from)
    {
        foreach (SegmentIndex segment in from.Segments)
        {
            _live.Prepare(segment);
        }

        _entries = _entries.AddRange(from.Entries);
        foreach (int shard in from.Shards.Shards())
        {
            _held[shard] = Ownership.Shards[shard].Epoch;
        }

        return from.Adopted(shard => Ownership.Shards[shard]);
    }

    private void Release(ShardSet shards)
    {
        foreach (int shard in shards.Shards())
        {
            _held.Remove(shard);
        }

        _entries =
        [
            .. _entries.Select(s => s with { Shards = s.Shards.Except(shards) }).Where(s => !s.Shards.IsEmpty),
        ];
    }

    private void Advance(CheckpointManifest manifest)
    {
        _garbage.Add(_before.Segments);
        _before = Current;
        Current = manifest;
    }

    private void Abandon(IReadOnlyCollection<SegmentInfo> segments)
    {
        _garbage.Add(segments);
        _live.Forget(segments);
    }

    private void Fence(long generation, CheckpointManifest? other)
    {
        string who = other is null ? "Another owner" : $"Owner '{other.OwnerId}' (epoch {other.Epoch})";
        _fenced = $"{who} has opened these checkpoints since: generation {generation} is not this owner's "
            + $"'{Current.OwnerId}' (epoch {Epoch}) to publish. Stop this process; the other one has the state.";
        ThrowIfFenced();
    }

    private void ThrowIfFenced()
    {
        if (_fenced is not null)
        {
            throw new OwnerFencedException(_fenced);
        }
    }
}
