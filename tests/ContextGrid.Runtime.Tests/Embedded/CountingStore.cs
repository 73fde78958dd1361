using ContextGrid.Runtime.Checkpoints;

namespace ContextGrid.Runtime.Tests.Embedded;

/// <summary>
/// Counts what is read of segments. Reads above a size wait until they are let through: only the check of whole
/// segments, which goes on beside everything else, reads so much at once.
/// </summary>
internal sealed class CountingStore(ISnapshotStore store, int heldFrom) : ISnapshotStore
{
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _bytes;

    /// <summary>The bytes read of segments, by reads below the size.</summary>
    internal long Bytes => Interlocked.Read(ref _bytes);

    internal void Release() => _released.TrySetResult();

    public ValueTask<PutResult> PutAsync(
        string name, ReadOnlyMemory<byte> content, PutCondition condition, CancellationToken cancellationToken) =>
        store.PutAsync(name, content, condition, cancellationToken);

    public ValueTask<SnapshotBlob?> GetAsync(string name, CancellationToken cancellationToken)
    {
        Assert.True(name == "ownership" || name.StartsWith("manifests/", StringComparison.Ordinal), name);
        return store.GetAsync(name, cancellationToken);
    }

    public async ValueTask<int> ReadAsync(
        string name, long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (buffer.Length >= heldFrom)
        {
            await _released.Task.WaitAsync(cancellationToken);
            return await store.ReadAsync(name, offset, buffer, cancellationToken);
        }

        int read = await store.ReadAsync(name, offset, buffer, cancellationToken);
        Interlocked.Add(ref _bytes, read);
        return read;
    }

    public ValueTask<IReadOnlyList<SnapshotBlobInfo>> ListAsync(string prefix, CancellationToken cancellationToken) =>
        store.ListAsync(prefix, cancellationToken);

    public ValueTask DeleteAsync(string name, CancellationToken cancellationToken) =>
        store.DeleteAsync(name, cancellationToken);
}
