using ContextGrid.Core.Entities;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Core.Snapshots;
using ContextGrid.Orleans.Entities;
using ContextGrid.Orleans.Storage;
using Orleans;
using Orleans.Serialization;

namespace ContextGrid.Orleans.Replay;

/// <summary>
/// The states of shadow versions, in the same shards as those of live entities and in the same form: a shadow version
/// is a kind of state of its own. Thread-safe.
/// </summary>
internal sealed class ShadowStore(GridContext grid, IGrainFactory grains, Serializer serializer)
{
    private const int NamesMax = 100;

    /// <summary>The kind of a shadow version's states.</summary>
    internal static string KindOf(string type, string version) => $"shadow:{type}@{version}";

    /// <summary>Reads an entity of a shadow version as far as it is durable; null: it has no such entity.</summary>
    /// <exception cref="SnapshotFormatException">The state can't be read, or is of other definitions.</exception>
    internal async ValueTask<Entity?> ReadShadowAsync(EntityPlan plan, byte[] key, string version)
    {
        ShardState[] found = await ReadAsync(KindOf(plan.Definition.Name, version), [EntityName.Of(plan, key)]);
        return Restore(plan, found[0]);
    }

    /// <summary>Reads states.</summary>
    /// <param name="kind">From <see cref="KindOf"/>.</param>
    /// <param name="names">Their entities' names.</param>
    internal async ValueTask<ShardState[]> ReadAsync(string kind, IReadOnlyList<byte[]> names)
    {
        var found = new ShardState[names.Count];
        var byShard = Enumerable.Range(0, names.Count).GroupBy(i => SnapshotGrainStorage.NumberOf(names[i]));
        await Task.WhenAll(byShard.Select(async indexes =>
        {
            foreach (int[] some in indexes.Chunk(NamesMax))
            {
                ShardState[] states = await ShardOf(indexes.Key).ReadManyAsync(kind, [.. some.Select(i => names[i])]);
                for (int i = 0; i < some.Length; i++)
                {
                    found[some[i]] = states[i];
                }
            }
        }));
        return found;
    }

    /// <summary>Writes states of one shard.</summary>
    /// <exception cref="InvalidOperationException">One of them is not the version that the write replaces.</exception>
    internal async ValueTask<long[]> WriteAsync(int shard, IReadOnlyList<ShardWrite> writes)
    {
        if (grid.IsCrashed)
        {
            throw new OperationCanceledException();
        }

        long[] versions = await ShardOf(shard).WriteAsync([.. writes]);
        return !versions.Contains(-1) ? versions : throw new InvalidOperationException(
            "Another activation of the replay has written the shadow version.");
    }

    /// <summary>Removes a shadow version.</summary>
    internal async Task ClearAsync(string kind, CancellationToken cancellationToken)
    {
        for (int shard = 0; shard < SnapshotGrainStorage.Shards; shard++)
        {
            while (!await ShardOf(shard).ClearAsync(kind))
            {
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
    }

    /// <summary>An entity as a state has it; null: there is no state.</summary>
    /// <exception cref="SnapshotFormatException">The state can't be read, or is of other definitions.</exception>
    internal Entity? Restore(EntityPlan plan, ShardState state) => state.Content is { } content
        ? Entity.Restore(plan, serializer.Deserialize<EntityState>(content)?.Snapshot ?? [])
        : null;

    /// <summary>What is kept of an entity.</summary>
    internal byte[] ContentOf(EntityWork work, Entity entity) =>
        serializer.SerializeToArray(new EntityState
        {
            Snapshot = work.Snapshot(entity), Definitions = work.StateHash,
        });

    private ISnapshotShardGrain ShardOf(int number) => grains.GetGrain<ISnapshotShardGrain>(number);
}
