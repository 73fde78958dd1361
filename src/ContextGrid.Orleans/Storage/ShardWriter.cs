namespace ContextGrid.Orleans.Storage;

/// <summary>
/// Writes of one silo to one shard: what comes while a call is under way goes with the next one. Thread-safe.
/// </summary>
/// <param name="shard">The shard.</param>
internal sealed class ShardWriter(ISnapshotShardGrain shard)
{
    // A message of that many states of a few kilobytes stays far below what silos take.
    private const int WritesMax = 1_000;

    private readonly Lock _gate = new();
    private readonly Queue<(ShardWrite Write, TaskCompletionSource<long> Done)> _waiting = new();
    private bool _isSending;

    /// <summary>Writes a state.</summary>
    /// <returns>Its new version; −1: conflict.</returns>
    internal Task<long> WriteAsync(ShardWrite write)
    {
        var done = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            _waiting.Enqueue((write, done));
            if (_isSending)
            {
                return done.Task;
            }

            _isSending = true;
        }

        _ = Task.Run(SendAsync);
        return done.Task;
    }

    private async Task SendAsync()
    {
        while (Take() is { } batch)
        {
            try
            {
                long[] versions = await shard.WriteAsync([.. batch.Select(b => b.Write)]);
                for (int i = 0; i < versions.Length; i++)
                {
                    batch[i].Done.SetResult(versions[i]);
                }
            }
            catch (Exception e)
            {
                // Each caller has its own way to go on.
                batch.ForEach(b => b.Done.TrySetException(e));
            }
        }
    }

    private List<(ShardWrite Write, TaskCompletionSource<long> Done)>? Take()
    {
        lock (_gate)
        {
            var batch = new List<(ShardWrite, TaskCompletionSource<long>)>();
            while (batch.Count < WritesMax && _waiting.TryDequeue(out var waiting))
            {
                batch.Add(waiting);
            }

            _isSending = batch.Count > 0;
            return _isSending ? batch : null;
        }
    }
}
