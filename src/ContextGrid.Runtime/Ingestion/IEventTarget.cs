namespace ContextGrid.Runtime.Ingestion;

/// <summary>Port: where the events of partitions go.</summary>
public interface IEventTarget
{
    /// <summary>
    /// Applies a batch: moves through it and brings each event to the entities that it is about. When the call has
    /// returned, every query sees the batch. The batch is only read during the call.
    /// </summary>
    /// <exception cref="OperationCanceledException">A part may have been applied.</exception>
    /// <exception cref="Checkpoints.SnapshotStoreException">A stored entity can't be read at present; a part has been
    /// applied, and a call with the same batch goes on where this one stopped.</exception>
    /// <exception cref="Checkpoints.CheckpointCorruptException">A stored entity is not what was written.</exception>
    ValueTask ApplyAsync(EventBatch batch, CancellationToken cancellationToken);

    /// <summary>
    /// Says that a part of a partition is done: its events were applied and its dead letters are durable, or there was
    /// none. Also called about once a second while nothing comes, with what is known of the partition's end.
    /// </summary>
    /// <param name="partition">The partition.</param>
    /// <param name="delivered">From where to where, and what is known of the end.</param>
    /// <param name="cancellationToken">Ends the wait for others.</param>
    ValueTask CompleteAsync(TopicPartition partition, Delivered delivered, CancellationToken cancellationToken);

    /// <summary>Says that nobody will complete the part of a partition that may be under way.</summary>
    void Abandon(TopicPartition partition);
}

/// <summary>How far a partition was delivered.</summary>
/// <param name="From">The first offset of the part.</param>
/// <param name="To">The offset after it; the same as <paramref name="From"/>: no record came.</param>
/// <param name="End">The partition's end as known.</param>
/// <param name="WaitingSinceMs">The age of the oldest record that waits is not more than since then, milliseconds since
/// the Unix epoch; 0: none waits.</param>
/// <param name="SeenMs">When the end was looked at, milliseconds since the Unix epoch; 0: nobody has looked.</param>
/// <param name="Mark">The last record of the part; null: there is none.</param>
public readonly record struct Delivered(
    long From, long To, long End, long WaitingSinceMs, long SeenMs, RecordMark? Mark);
