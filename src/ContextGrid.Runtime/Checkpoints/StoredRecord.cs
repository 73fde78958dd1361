using System.Buffers.Binary;
using ContextGrid.Core.Snapshots;

namespace ContextGrid.Runtime.Checkpoints;

/// <summary>What a look-up in the live segments found.</summary>
/// <param name="Outcome">Whether there is a record.</param>
/// <param name="Snapshot">The entity's snapshot when it was found; the caller's to keep.</param>
/// <param name="Blob">The segment.</param>
/// <param name="Offset">Where in the segment the record starts.</param>
internal readonly record struct StoredRecord(
    StoredOutcome Outcome, ReadOnlyMemory<byte> Snapshot, string Blob, long Offset)
{
    /// <summary>No segment has a record of the entity.</summary>
    internal static StoredRecord Nowhere => new(StoredOutcome.Nowhere, default, "", 0);

    /// <summary>Reads a record, checks it, and tells whether it is that of an entity.</summary>
    /// <param name="store">Where the segment is.</param>
    /// <param name="blob">The segment.</param>
    /// <param name="types">The segment's entity types, UTF-8.</param>
    /// <param name="key">The entity; another one may have the same hash.</param>
    /// <param name="at">Where the record starts.</param>
    /// <param name="end">Where it ends.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="CheckpointCorruptException">The record is not what was written.</exception>
    /// <exception cref="SnapshotStoreException">The store can't be read.</exception>
    internal static async ValueTask<StoredRecord> ReadAsync(
        ISnapshotStore store,
        string blob,
        byte[][] types,
        StoredKey key,
        int at,
        int end,
        CancellationToken cancellationToken)
    {
        byte[] record = new byte[end - at];
        int read = await store.ReadAsync(blob, at, record, cancellationToken);
        if (read < 0)
        {
            return new StoredRecord(StoredOutcome.Gone, default, blob, at);
        }

        int keyBytes = read < SegmentFormat.RecordFixedBytes
            ? int.MaxValue
            : SegmentFormat.RecordFixedBytes + BinaryPrimitives.ReadUInt16LittleEndian(record.AsSpan(6));
        if (read != record.Length || keyBytes > record.Length
            || BinaryPrimitives.ReadUInt32LittleEndian(record) != Crc32C.Compute(record.AsSpan(4)))
        {
            throw new CheckpointCorruptException(blob, at, "the checksum of the record is wrong");
        }

        int type = BinaryPrimitives.ReadUInt16LittleEndian(record.AsSpan(4));
        bool isIt = type < types.Length && types[type].AsSpan().SequenceEqual(key.Type)
            && record.AsSpan(SegmentFormat.RecordFixedBytes..keyBytes).SequenceEqual(key.Key);
        StoredOutcome outcome = keyBytes == record.Length ? StoredOutcome.Deleted : StoredOutcome.Found;
        return isIt ? new StoredRecord(outcome, record.AsMemory(keyBytes), blob, at) : Nowhere;
    }
}

/// <summary>Whether a look-up found a record.</summary>
internal enum StoredOutcome
{
    /// <summary>No segment has a record of the entity.</summary>
    Nowhere,

    /// <summary>The newest record is a snapshot.</summary>
    Found,

    /// <summary>The newest record says that the entity was deleted.</summary>
    Deleted,

    /// <summary>A segment is no longer there: a newer view names what has replaced it.</summary>
    Gone,
}

/// <summary>An entity as segments name it.</summary>
/// <param name="Type">The type's name, UTF-8.</param>
/// <param name="Key">The key, UTF-8.</param>
/// <param name="Hash">Their hash, as <see cref="SegmentFormat.HashOf"/>.</param>
/// <param name="Shard">The key's shard.</param>
internal readonly record struct StoredKey(byte[] Type, byte[] Key, ulong Hash, int Shard);
