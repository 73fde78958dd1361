using System.Collections.Immutable;
using Microsoft.Extensions.Logging;

namespace ContextGrid.Runtime.Checkpoints;

/// <summary>Receives one entity of a checkpoint.</summary>
/// <param name="entityType">The entity type's name.</param>
/// <param name="key">The entity's key; valid during the call.</param>
/// <param name="snapshot">Its snapshot; valid during the call.</param>
public delegate void EntityVisitor(string entityType, ReadOnlySpan<byte> key, ReadOnlySpan<byte> snapshot);

/// <summary>
/// The durable state of a grid: immutable segments of changed entities and a chain of manifests, each published by
/// compare-and-swap (I1). Opening takes the ownership: an older owner's next publish fails (I5).
/// </summary>
/// <remarks>
/// One caller at a time reads, builds and publishes; the merge of segments runs beside. A crash at any step leaves the
/// newest published manifest and its segments whole. docs/STORAGE.md describes the bytes.
/// </remarks>
public sealed class CheckpointStore : IAsyncDisposable
{
    private const int OpenAttemptsMax = 16;

    private readonly ISnapshotStore _store;
    private readonly TimeProvider _time;
    private readonly CheckpointOptions _options;
    private readonly SegmentPublisher _segments;
    private readonly ManifestPublisher _manifests;
    private readonly CheckpointGarbage _garbage;
    private readonly LiveSegments _live;
    private readonly CheckpointMerger _merger;
    private CheckpointManifest _before;
    private CheckpointBuilder? _open;
    private string? _fenced;

    private CheckpointStore(
        ISnapshotStore store,
        TimeProvider time,
        CheckpointOptions options,
        CheckpointRecovery found,
        CheckpointManifest own)
    {
        _store = store;
        _time = time;
        _options = options;
        _segments = new SegmentPublisher(store);
        _manifests = new ManifestPublisher(store);
        _garbage = new CheckpointGarbage(store, options.GarbageGrace, time);
        _live = new LiveSegments(store);
        foreach (SegmentIndex segment in found.Segments)
        {
            _live.Add(segment);
        }

        _live.Publish(own.Segments);
        _merger = new CheckpointMerger(store, PutSegmentAsync, _live, options);
        _before = found.Newest;
        Current = own;
        Recovered = found.Recovered;
    }

    /// <summary>What opening found, in sentences for people; a checkpoint that could not be used is named
    /// here.</summary>
    public ImmutableArray<string> Recovered { get; }

    /// <summary>This owner's epoch: higher than that of every owner before.</summary>
    public long Epoch => Current.Epoch;

    /// <summary>The newest published manifest. After opening it is this owner's first one, with the recovered
    /// content.</summary>
    public CheckpointManifest Current { get; private set; }

    /// <summary>The live segments of <see cref="Current"/> for look-ups; replaced by each publish before it
    /// returns.</summary>
    internal SegmentView View => _live.View;

    /// <summary>Why the last merge did not succeed; null: it did. It is tried again at the next publish.</summary>
    public string? MergeError => _merger.Error;

    /// <summary>Opens the checkpoints of a store and takes the ownership by publishing a manifest of the next
    /// epoch.</summary>
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

    internal static async ValueTask<CheckpointStore> OpenAsync(
        ISnapshotStore store,
        string ownerId,
        TimeProvider time,
        CheckpointOptions options,
        CheckpointOpening opening,
        CancellationToken cancellationToken)
    {
        var publisher = new ManifestPublisher(store);
        for (int attempt = 0; attempt < OpenAttemptsMax; attempt++)
        {
            CheckpointRecovery found = await CheckpointRecovery.FindAsync(store, opening.Forget, cancellationToken);
            await opening.Accept(found.Newest);
            CheckpointManifest own = found.Newest with
            {
                Generation = found.NewestGeneration + 1,
                Epoch = found.EpochFloor + 1,
                OwnerId = ownerId,
                Writer = Guid.NewGuid(),
                CreatedMs = time.GetUtcNow().ToUnixTimeMilliseconds(),
            };
            PublishResult result = await publisher.PublishAsync(own, cancellationToken);
            if (result.Outcome == PublishOutcome.Published)
            {
                var opened = new CheckpointStore(store, time, options, found, own);
                await opened._garbage.CollectOrphansAsync(own, found.Readable, cancellationToken);
                opened._garbage.Add(opening.Forget ? found.Readable.SelectMany(m => m.Segments) : []);
                return opened;
            }
        }

        throw new SnapshotStoreException(
            $"The checkpoints could not be opened in {OpenAttemptsMax} attempts: other owners open them at the "
            + "same time. Make sure that only one grid uses this store.");
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
        using SegmentMerge merge = await SegmentMerge.OpenAsync(_store, Current.Segments, cancellationToken);
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
        SegmentMerge.OpenAsync(_store, pin.Manifest.Segments, cancellationToken);

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
    internal CheckpointPin Pin() => CheckpointPin.Take(_store, _garbage, () => Current);

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
        MergedRun? merged = await _merger.TakeAsync(Current.Segments, segments => Abandon(segments));
        CheckpointManifest next;
        PublishResult result;
        do
        {
            next = Next(merged, added, content);
            await _live.PrepareAsync(next.Segments, cancellationToken);
            result = await _manifests.PublishAsync(next, cancellationToken);
            if (result is { Outcome: PublishOutcome.EarlierOwn, Manifest: not null })
            {
                Advance(result.Manifest);
            }
        }
        while (result.Outcome == PublishOutcome.EarlierOwn);

        if (result.Outcome == PublishOutcome.Fenced)
        {
            Fence(next.Generation, result.Manifest);
        }

        Advance(next);
        _live.Publish(next.Segments);
        if (merged is not null)
        {
            _merger.Forget();
        }

        await _garbage.CollectAsync(Current, _before, cancellationToken);
        await _merger.StartAsync(Current.Segments);
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

    private CheckpointManifest Next(
        MergedRun? merged, IReadOnlyCollection<SegmentInfo> added, CheckpointContent content)
    {
        ImmutableArray<SegmentInfo> segments = merged?.ApplyTo(Current.Segments) ?? Current.Segments;
        bool isBase = segments.IsEmpty;
        foreach (SegmentInfo segment in added)
        {
            // An earlier attempt whose outcome was unknown may have published the same segments.
            if (!segments.Any(s => s.Name == segment.Name))
            {
                segments = segments.Add(segment with { IsBase = isBase });
            }
        }

        return Current with
        {
            Generation = Current.Generation + 1,
            CreatedMs = _time.GetUtcNow().ToUnixTimeMilliseconds(),
            Content = content,
            Segments = segments,
        };
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
