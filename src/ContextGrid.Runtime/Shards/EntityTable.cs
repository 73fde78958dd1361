using System.Collections.Immutable;
using System.Text;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Core.Model;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Diagnostics;
using ContextGrid.Runtime.Outputs;

namespace ContextGrid.Runtime.Shards;

/// <summary>All entities of one type, by shard.</summary>
internal sealed class EntityTable
{
    private readonly EntityShard[] _shards;
    private readonly byte[] _type;
    private readonly ulong _typeHash;

    internal EntityTable(
        EntityPlan plan, int index, int shards, StoredEntities stored, ResidentMemory memory, GridMetrics metrics)
    {
        (Plan, Index) = (plan, index);
        _shards = new EntityShard[shards];
        Outputs = [.. plan.Definition.Outputs.Select(o => new OutputMarks(o))];
        _type = Encoding.UTF8.GetBytes(plan.Definition.Name);
        _typeHash = StableHash.Of(_type);
        for (int i = 0; i < _shards.Length; i++)
        {
            _shards[i] = new EntityShard(plan, i, _typeHash, stored, memory, metrics);
        }
    }

    internal EntityPlan Plan { get; }

    /// <summary>The plan's place among all plans.</summary>
    internal int Index { get; }

    /// <summary>What the type's outputs have to write.</summary>
    internal ImmutableArray<OutputMarks> Outputs { get; }

    internal ReadOnlySpan<EntityShard> Shards => _shards;

    /// <summary>How many entities have state, in memory or stored.</summary>
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

    /// <summary>How many entities are in memory.</summary>
    internal long ResidentCount
    {
        get
        {
            long count = 0;
            foreach (EntityShard shard in _shards)
            {
                count += shard.Entities.Count;
            }

            return count;
        }
    }

    /// <summary>Tells the outputs that an entity has changed.</summary>
    internal void MarkOutputs(ReadOnlySpan<byte> key)
    {
        foreach (OutputMarks marks in Outputs)
        {
            marks.Mark(key);
        }
    }

    /// <summary>The shard of a key.</summary>
    internal EntityShard ShardOf(ReadOnlySpan<byte> key) => _shards[ShardMap.ShardOf(key, _shards.Length)];

    /// <summary>What an entity is called in segments.</summary>
    internal StoredKey StoredKeyOf(byte[] key, ulong hash) =>
        new(_type, key, hash ^ _typeHash, ShardMap.ShardOf(key, _shards.Length));
}
