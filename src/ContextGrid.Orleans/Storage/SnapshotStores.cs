using ContextGrid.Runtime.Checkpoints;

namespace ContextGrid.Orleans.Storage;

/// <summary>The store of the cluster's state, opened once a silo. Thread-safe.</summary>
/// <param name="open">Opens it.</param>
internal sealed class SnapshotStores(Func<CancellationToken, ValueTask<ISnapshotStore>> open)
{
    private readonly SemaphoreSlim _one = new(1, 1);
    private ISnapshotStore? _opened;

    /// <summary>The store.</summary>
    /// <exception cref="SnapshotStoreException">It can't be used.</exception>
    internal async ValueTask<ISnapshotStore> OpenAsync(CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            return _opened ??= await open(cancellationToken);
        }
        finally
        {
            _one.Release();
        }
    }
}
