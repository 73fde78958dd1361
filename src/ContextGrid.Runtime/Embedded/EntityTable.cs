using ContextGrid.Core.Features.Plans;
using ContextGrid.Core.Model;

namespace ContextGrid.Runtime.Embedded;

/// <summary>All entities of one type, spread over shards by their keys.</summary>
internal sealed class EntityTable
{
    // More shards than threads that ever run, so that two threads rarely want the same one.
    private const int ShardBits = 6;

    private readonly EntityShard[] _shards = new EntityShard[1 << ShardBits];

    internal EntityTable(EntityPlan plan)
    {
        Plan = plan;
        for (int i = 0; i < _shards.Length; i++)
        {
            _shards[i] = new EntityShard(plan);
        }
    }

    internal EntityPlan Plan { get; }

    internal ReadOnlySpan<EntityShard> Shards => _shards;

    /// <summary>How many entities have state.</summary>
    internal long Count
    {
        get
        {
            long count = 0;
            foreach (EntityShard shard in _shards)
            {
                count += shard.Count;
            }

            return count;
        }
    }

    /// <summary>The shard of a key.</summary>
    internal EntityShard ShardOf(ReadOnlySpan<byte> key) => _shards[StableHash.Of(key) >> (64 - ShardBits)];
}
