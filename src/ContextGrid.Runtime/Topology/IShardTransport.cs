namespace ContextGrid.Runtime.Topology;

/// <summary>
/// Port: messages between the processes that own shards. On a cluster Orleans carries them; a simulation delays, loses,
/// repeats and reorders them. All members are thread-safe.
/// </summary>
/// <remarks>
/// Contract. A call ends with the receiver's answer or with an exception; after an exception the receiver may or may
/// not have handled the message, and may handle it later. Nothing is said about the order of two messages. Receivers
/// are correct under all of that: a delivery is applied only where it joins what is applied.
/// </remarks>
internal interface IShardTransport
{
    /// <summary>Sends a message and waits for the answer.</summary>
    /// <param name="address">Which process (<see cref="Checkpoints.ShardOwner.Address"/>).</param>
    /// <param name="kind">What the message is.</param>
    /// <param name="message">The message's bytes; read until the call ends.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The answer's bytes; empty where the kind has no answer.</returns>
    ValueTask<ReadOnlyMemory<byte>> CallAsync(
        string address, ShardMessage kind, ReadOnlyMemory<byte> message, CancellationToken cancellationToken);
}

/// <summary>Port: takes messages of other processes. Implemented by the topology; thread-safe.</summary>
internal interface IShardReceiver
{
    /// <summary>Handles a message.</summary>
    /// <param name="from">The sender's address.</param>
    /// <param name="kind">What the message is.</param>
    /// <param name="message">Its bytes; read until the call ends.</param>
    /// <param name="cancellationToken">Ends the handling of what only reads.</param>
    ValueTask<ReadOnlyMemory<byte>> ReceiveAsync(
        string from, ShardMessage kind, ReadOnlyMemory<byte> message, CancellationToken cancellationToken);
}

/// <summary>The kinds of messages. Values are added, never changed.</summary>
internal enum ShardMessage
{
    /// <summary>Events of one partition, complete for the named shards from one offset to another.</summary>
    Deliver = 0,

    /// <summary>A query about entities of the receiver's shards.</summary>
    Read = 1,

    /// <summary>The ownership has changed: read it again.</summary>
    OwnershipChanged = 2,

    /// <summary>Which entities of the receiver's shards have events after given positions.</summary>
    FindChanged = 5,

    /// <summary>How the receiver is, for people: positions, shards, memory.</summary>
    State = 6,
}
