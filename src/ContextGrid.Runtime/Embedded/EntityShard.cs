using ContextGrid.Core.Entities;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Core.Model;

namespace ContextGrid.Runtime.Embedded;

/// <summary>
/// A part of one type's entities, with one turn at a time: whoever has the gate owns the entities, their scratch and
/// the list of changed ones. Turns are microseconds long and never wait for anything.
/// </summary>
internal sealed class EntityShard
{
    private readonly EntityPlan _plan;
    private readonly ApplyScratch _scratch;
    private readonly Dictionary<byte[], Entity> _entities = new(Utf8KeyComparer.Instance);
    private readonly Dictionary<byte[], Entity>.AlternateLookup<ReadOnlySpan<byte>> _byKey;

    internal EntityShard(EntityPlan plan)
    {
        _plan = plan;
        _scratch = new ApplyScratch(plan);
        _byKey = _entities.GetAlternateLookup<ReadOnlySpan<byte>>();
    }

    /// <summary>Taken for every use of the shard.</summary>
    internal Lock Gate { get; } = new();

    /// <summary>The entities that changed since the last checkpoint.</summary>
    internal List<KeyValuePair<byte[], Entity>> Changed { get; set; } = [];

    /// <summary>Scratch of whoever has the gate.</summary>
    internal ApplyScratch Scratch => _scratch;

    /// <summary>How many entities; read without the gate it may be a moment old.</summary>
    internal int Count => _entities.Count;

    /// <summary>All entities; only under the gate.</summary>
    internal Dictionary<byte[], Entity> Entities => _entities;

    /// <summary>The entity with a key; null: none. Only under the gate.</summary>
    internal Entity? Find(ReadOnlySpan<byte> key) => _byKey.TryGetValue(key, out Entity? entity) ? entity : null;

    internal ApplyOutcome Apply(ReadOnlySpan<byte> key, EventRecord record)
    {
        lock (Gate)
        {
            Entity entity = FindOrAdd(key, out byte[] stored);
            bool wasDirty = entity.IsDirty;
            ApplyOutcome outcome = entity.Apply(record, _scratch);
            NoteChange(stored, entity, wasDirty);
            return outcome;
        }
    }

    internal void Skip(ReadOnlySpan<byte> key, Position position)
    {
        lock (Gate)
        {
            Entity entity = FindOrAdd(key, out byte[] stored);
            bool wasDirty = entity.IsDirty;
            entity.Skip(position);
            NoteChange(stored, entity, wasDirty);
        }
    }

    /// <summary>Puts a restored entity in; it is not changed.</summary>
    internal void Adopt(ReadOnlySpan<byte> key, Entity entity)
    {
        lock (Gate)
        {
            _byKey[key] = entity;
        }
    }

    private void NoteChange(byte[] key, Entity entity, bool wasDirty)
    {
        if (!wasDirty && entity.IsDirty)
        {
            Changed.Add(new(key, entity));
        }
    }

    private Entity FindOrAdd(ReadOnlySpan<byte> key, out byte[] stored)
    {
        if (!_byKey.TryGetValue(key, out byte[]? actual, out Entity? entity))
        {
            actual = key.ToArray();
            entity = new Entity(_plan);
            _entities.Add(actual, entity);
        }

        stored = actual;
        return entity;
    }
}
