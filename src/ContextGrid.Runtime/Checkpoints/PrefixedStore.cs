namespace ContextGrid.Runtime.Checkpoints;

/// <summary>A part of a store: all blobs whose names begin with a prefix.</summary>
/// <param name="store">The whole store; the caller's.</param>
/// <param name="prefix">Ends with a slash.</param>
internal sealed class PrefixedStore(ISnapshotStore store, string prefix) : ISnapshotStore
{
    /// <inheritdoc/>
    public ValueTask<PutResult> PutAsync(
        string name, ReadOnlyMemory<byte> content, PutCondition condition, CancellationToken cancellationToken) =>
        store.PutAsync(prefix + name, content, condition, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<SnapshotBlob?> GetAsync(string name, CancellationToken cancellationToken) =>
        store.GetAsync(prefix + name, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<int> ReadAsync(
        string name, long offset, Memory<byte> buffer, CancellationToken cancellationToken) =>
        store.ReadAsync(prefix + name, offset, buffer, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<SnapshotBlobInfo>> ListAsync(
        string start, CancellationToken cancellationToken) =>
    [
        .. (await store.ListAsync(prefix + start, cancellationToken))
            .Select(b => b with { Name = b.Name[prefix.Length..] }),
    ];

    /// <inheritdoc/>
    public ValueTask DeleteAsync(string name, CancellationToken cancellationToken) =>
        store.DeleteAsync(prefix + name, cancellationToken);
}
