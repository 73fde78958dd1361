using System.Collections.Immutable;
using System.Text;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Core.Model;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Diagnostics;
using ContextGrid.Runtime.Outputs;

namespace ContextGrid.Runtime.Shards;

/// <summary>All entities of one type, spread over shards by their keys.</summary>
internal sealed class EntityTable
{
    // More shards than threads that ever run, so that two threads rarely want the same one.
    private const int ShardBits = 6;

    private readonly EntityShard[] _shards = new EntityShard[1 << ShardBits];
    private readonly byte[] _type;
    private readonly ulong _typeHash;

    internal EntityTable(EntityPlan plan, StoredEntities stored, ResidentMemory memory, GridMetrics metrics)
    {
        Plan = plan;
        Outputs = [.. plan.Definition.Outputs.Select(o => new OutputMarks(o))];
        _type = Encoding.UTF8.GetBytes(plan.Definition.Name);
        _typeHash = StableHash.Of(_type);
        for (int i = 0; i < _shards.Length; i++)
        {
            _shards[i] = new EntityShard(plan, _typeHash, stored, memory, metrics);
        }
    }

    internal EntityPlan Plan { get; }

    /// <summary>What the type's outputs have to write.</summary>
    internal ImmutableArray<OutputMarks> Outputs { get; }

    internal ReadOnlySpan<EntityShard> Shards => _shards;

    /// <summary>How many entities the checkpoint of the start had.</summary>
    internal long AtStart { get; init; }

    /// <summary>How many entities have state, in memory or stored.</summary>
    internal long Count
    {
        get
        {
            long count = AtStart;
            foreach (EntityShard shard in _shards)
            {
                count += shard.Begun;
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
    /// <param name="hash">The key's hash (<see cref="StableHash"/>).</param>
    internal EntityShard ShardOf(ulong hash) => _shards[hash >> (64 - ShardBits)];

    /// <summary>What an entity is called in segments.</summary>
    internal StoredKey StoredKeyOf(byte[] key, ulong hash) => new(_type, key, hash ^ _typeHash);
}
