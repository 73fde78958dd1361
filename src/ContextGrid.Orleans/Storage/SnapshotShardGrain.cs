using System.Globalization;
using ContextGrid.Runtime.Checkpoints;
using Orleans;
using Orleans.Runtime;

namespace ContextGrid.Orleans.Storage;

/// <inheritdoc cref="ISnapshotShardGrain"/>
/// <remarks>What comes while a checkpoint is being published goes into the next one.</remarks>
[GrainType("shard")]
internal sealed class SnapshotShardGrain(
    SnapshotStores stores, ILocalSiloDetails silo, TimeProvider time) : Grain, ISnapshotShardGrain
{
    // Shorter than the time after which a call counts as lost.
    private static readonly TimeSpan ClearWait = TimeSpan.FromSeconds(5);

    private readonly Queue<(ShardWrite[] Writes, TaskCompletionSource<long[]> Done)> _waiting = new();
    private ShardFile _file = null!; // Set by activation, before any call.
    private readonly Dictionary<string, Task> _clearing = new(StringComparer.Ordinal);
    private bool _isPublishing;

    /// <inheritdoc/>
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        string prefix = string.Create(CultureInfo.InvariantCulture, $"shards/{this.GetPrimaryKeyLong():d5}/");
        _file = await ShardFile.OpenAsync(
            new PrefixedStore(await stores.OpenAsync(cancellationToken), prefix),
            silo.SiloAddress.ToParsableString(), time, cancellationToken);
    }

    /// <inheritdoc/>
    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) =>
        await (_file?.DisposeAsync() ?? default);

    /// <inheritdoc/>
    public ValueTask<ShardState> ReadAsync(string kind, byte[] key) => _file.ReadAsync(kind, key);

    /// <inheritdoc/>
    public async ValueTask<ShardState[]> ReadManyAsync(string kind, byte[][] keys)
    {
        var states = new ShardState[keys.Length];
        for (int i = 0; i < keys.Length; i++)
        {
            states[i] = await _file.ReadAsync(kind, keys[i]);
        }

        return states;
    }

    /// <inheritdoc/>
    public async ValueTask<bool> ClearAsync(string kind)
    {
        if (!_clearing.TryGetValue(kind, out Task? clearing))
        {
            _clearing[kind] = clearing = RemoveAsync(kind);
        }

        if (await Task.WhenAny(clearing, Task.Delay(ClearWait, time)) != clearing)
        {
            return false;
        }

        _clearing.Remove(kind);
        await clearing;
        return true;
    }

    /// <inheritdoc/>
    public async ValueTask<long[]> WriteAsync(ShardWrite[] writes)
    {
        var done = new TaskCompletionSource<long[]>();
        _waiting.Enqueue((writes, done));
        if (!_isPublishing)
        {
            _isPublishing = true;
            await PublishAsync();
        }

        return await done.Task;
    }

    private async Task RemoveAsync(string kind)
    {
        await foreach (ShardWrite[] removals in _file.RemovalsAsync(kind))
        {
            await WriteAsync(removals);
        }
    }

    private async Task PublishAsync()
    {
        try
        {
            while (_waiting.Count > 0)
            {
                (ShardWrite[] Writes, TaskCompletionSource<long[]> Done)[] all = [.. _waiting];
                _waiting.Clear();
                await PublishAsync(all);
            }
        }
        finally
        {
            _isPublishing = false;
        }
    }

    private async Task PublishAsync((ShardWrite[] Writes, TaskCompletionSource<long[]> Done)[] all)
    {
        try
        {
            long[] versions = await _file.WriteAsync([.. all.SelectMany(a => a.Writes)]);
            int at = 0;
            foreach ((ShardWrite[] writes, TaskCompletionSource<long[]> done) in all)
            {
                done.SetResult(versions[at..(at + writes.Length)]);
                at += writes.Length;
            }
        }
        catch (Exception e)
        {
            // Whatever it is, all who wait are told.
            // Another one owns the shard, or what is durable is not known here: the next activation looks.
            DeactivateOnIdle();
            foreach ((_, TaskCompletionSource<long[]> done) in all)
            {
                done.SetException(e);
            }
        }
    }
}
