namespace ContextGrid.Runtime.Checkpoints;

/// <summary>
/// Port: named immutable blobs with conditional writes. Embedded: a directory; production: Azure Blob storage.
/// </summary>
/// <remarks>
/// Contract. A name is 1–200 characters of <c>a–z 0–9 - . /</c>, without empty segments, <c>.</c> or <c>..</c>.
/// A put is all or nothing: a reader sees the old content or the new, also after a crash. When
/// <see cref="PutAsync"/> returns <see cref="PutOutcome.Done"/> the content is durable. A put whose outcome the store
/// does not know returns <see cref="PutOutcome.Unknown"/>: the caller reads back to find out (I4). All members are
/// thread-safe.
/// </remarks>
public interface ISnapshotStore
{
    /// <summary>Writes a blob under a condition.</summary>
    /// <param name="name">The blob's name.</param>
    /// <param name="content">The whole content; read until the task ends.</param>
    /// <param name="condition">When the write may happen.</param>
    /// <param name="cancellationToken">Ends the wait; the outcome is then unknown.</param>
    /// <exception cref="SnapshotStoreException">The store is full, away or refuses; nothing was written.</exception>
    ValueTask<PutResult> PutAsync(
        string name, ReadOnlyMemory<byte> content, PutCondition condition, CancellationToken cancellationToken);

    /// <summary>Reads a blob; null when there is none.</summary>
    /// <exception cref="SnapshotStoreException">The store can't be read.</exception>
    ValueTask<SnapshotBlob?> GetAsync(string name, CancellationToken cancellationToken);

    /// <summary>Reads a range of a blob into a buffer; returns the number of bytes read (less only at the blob's end),
    /// or −1 when there is no such blob.</summary>
    ValueTask<int> ReadAsync(string name, long offset, Memory<byte> buffer, CancellationToken cancellationToken);

    /// <summary>All blobs whose name starts with a prefix, in ordinal order of names.</summary>
    ValueTask<IReadOnlyList<SnapshotBlobInfo>> ListAsync(string prefix, CancellationToken cancellationToken);

    /// <summary>Deletes a blob; without effect when there is none.</summary>
    ValueTask DeleteAsync(string name, CancellationToken cancellationToken);
}

/// <summary>When a put may happen.</summary>
/// <param name="IfAbsent">Only when there is no such blob.</param>
/// <param name="IfMatch">Only when the blob has this ETag; null: no such condition.</param>
public readonly record struct PutCondition(bool IfAbsent, string? IfMatch)
{
    /// <summary>Always.</summary>
    public static PutCondition Always => default;

    /// <summary>Only when there is no such blob.</summary>
    public static PutCondition Absent => new(true, null);
}

/// <summary>What a put did.</summary>
/// <param name="Outcome">Whether it happened.</param>
/// <param name="ETag">The blob's new ETag after <see cref="PutOutcome.Done"/>; else null.</param>
public readonly record struct PutResult(PutOutcome Outcome, string? ETag);

/// <summary>Whether a put happened.</summary>
public enum PutOutcome
{
    /// <summary>It is durable.</summary>
    Done,

    /// <summary>The condition did not hold; nothing was written.</summary>
    Conflict,

    /// <summary>It may or may not have happened: read back.</summary>
    Unknown,
}

/// <summary>A blob.</summary>
/// <param name="Content">The whole content.</param>
/// <param name="ETag">Changes with every write.</param>
public sealed record SnapshotBlob(ReadOnlyMemory<byte> Content, string ETag);

/// <summary>A blob in a listing.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Bytes">Its size.</param>
public sealed record SnapshotBlobInfo(string Name, long Bytes);

/// <summary>An operation of a snapshot store failed and had no effect.</summary>
public sealed class SnapshotStoreException(string message, Exception? inner = null) : Exception(message, inner);
