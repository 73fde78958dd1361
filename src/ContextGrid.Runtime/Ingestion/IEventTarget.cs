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
}
