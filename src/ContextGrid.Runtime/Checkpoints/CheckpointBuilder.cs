namespace ContextGrid.Runtime.Checkpoints;

/// <summary>
/// Collects the entities that changed since the last checkpoint and publishes them together with the positions that
/// they reflect. From <see cref="CheckpointStore.BeginCheckpoint"/>; one caller at a time. After a
/// <see cref="SnapshotStoreException"/> from <see cref="SpillAsync"/> or <see cref="PublishAsync"/> the same call may
/// be repeated; to give up, dispose of it and add the entities to a later one.
/// </summary>
public sealed class CheckpointBuilder : IDisposable
{
    private readonly CheckpointStore _owner;
    private readonly SegmentWriter _writer;
    private readonly Queue<SealedSegment> _sealed = new();
    private readonly List<SegmentInfo> _written = [];
    private bool _ended;

    internal CheckpointBuilder(CheckpointStore owner, CheckpointOptions options)
    {
        _owner = owner;
        _writer = new SegmentWriter(options.SegmentBytesMax);
    }

    /// <summary>True when a whole segment waits in memory: call <see cref="SpillAsync"/> before adding much
    /// more.</summary>
    public bool MustSpill => _sealed.Count > 0;

    /// <summary>Adds an entity's snapshot; copied at once. Of several of one entity the last counts.</summary>
    /// <param name="entityType">The entity type's name.</param>
    /// <param name="key">The entity's key; at most 65,535 bytes.</param>
    /// <param name="snapshot">The snapshot; not empty.</param>
    public void Add(string entityType, ReadOnlySpan<byte> key, ReadOnlySpan<byte> snapshot)
    {
        if (snapshot.IsEmpty)
        {
            throw new ArgumentException(
                "A snapshot has at least one byte; use Delete to remove an entity.", nameof(snapshot));
        }

        Put(entityType, key, snapshot);
    }

    /// <summary>Says that an entity no longer exists.</summary>
    /// <param name="entityType">The entity type's name.</param>
    /// <param name="key">The entity's key; at most 65,535 bytes.</param>
    public void Delete(string entityType, ReadOnlySpan<byte> key) => Put(entityType, key, default);

    /// <summary>Writes the full segments that wait in memory; without effect when there is none.</summary>
    /// <exception cref="SnapshotStoreException">The store can't take them; they stay in memory.</exception>
    public async ValueTask SpillAsync(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_ended, this);
        while (_sealed.TryPeek(out SealedSegment? segment))
        {
            _written.Add(await _owner.PutSegmentAsync(segment, cancellationToken));
            _sealed.Dequeue();
            segment.Return();
        }
    }

    /// <summary>
    /// Makes everything added and <paramref name="content"/> durable in one atomic step (I1). When nothing was added
    /// the new manifest names no new segment. On success the builder has ended.
    /// </summary>
    /// <returns>The new generation.</returns>
    /// <exception cref="OwnerFencedException">Another owner has opened the checkpoints; nothing was
    /// published.</exception>
    /// <exception cref="SnapshotStoreException">The store is full or away, or does not tell the outcome.</exception>
    public async ValueTask<long> PublishAsync(CheckpointContent content, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_ended, this);
        if (_writer.Count > 0)
        {
            _sealed.Enqueue(_writer.Seal());
        }

        await SpillAsync(cancellationToken);
        long generation = await _owner.PublishAsync(_written, content, cancellationToken);
        _written.Clear();
        Dispose();
        return generation;
    }

    /// <summary>Gives the buffers back; what was not published is forgotten.</summary>
    public void Dispose()
    {
        if (!_ended)
        {
            _ended = true;
            _writer.Dispose();
            while (_sealed.TryDequeue(out SealedSegment? segment))
            {
                segment.Return();
            }

            _owner.End(_written);
        }
    }

    private void Put(string entityType, ReadOnlySpan<byte> key, ReadOnlySpan<byte> snapshot)
    {
        ObjectDisposedException.ThrowIf(_ended, this);
        if (!_writer.TryAdd(entityType, key, snapshot))
        {
            _sealed.Enqueue(_writer.Seal());
            _writer.TryAdd(entityType, key, snapshot);
        }
    }
}
