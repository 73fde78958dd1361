using Orleans;
using Orleans.CodeGeneration;
using Orleans.Concurrency;

namespace ContextGrid.Orleans.Storage;

/// <summary>
/// Keeps the state of a part of all grains; the key is the part's number. Many writes become one segment and one
/// manifest. The activation that has opened the part's checkpoints last is its owner: an older one can write nothing.
/// </summary>
[Alias("ContextGrid.ISnapshotShardGrain")]
[Version(1)]
public interface ISnapshotShardGrain : IGrainWithIntegerKey
{
    /// <summary>Reads a state.</summary>
    [Alias("Read")]
    [AlwaysInterleave]
    [ReadOnly]
    ValueTask<ShardState> ReadAsync(string kind, byte[] key);

    /// <summary>Reads several states, in the order of their keys.</summary>
    [Alias("ReadMany")]
    [AlwaysInterleave]
    [ReadOnly]
    ValueTask<ShardState[]> ReadManyAsync(string kind, byte[][] keys);

    /// <summary>Removes all states of a kind, to which nobody writes any more.</summary>
    /// <returns>False: it is not done yet; ask again.</returns>
    [Alias("Clear")]
    [AlwaysInterleave]
    ValueTask<bool> ClearAsync(string kind);

    /// <summary>Writes states; when the call returns they are durable.</summary>
    /// <returns>Their new versions; −1 where the state has another version than the write replaces.</returns>
    [Alias("Write")]
    [AlwaysInterleave]
    ValueTask<long[]> WriteAsync(ShardWrite[] writes);
}
