using System.Collections.Concurrent;
using System.Collections.Immutable;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;

namespace ContextGrid.Runtime.Shards;

/// <summary>
/// Who wants to hear of which entities, by type and key. An event costs a comparison while nobody follows, and a
/// look-up without a lock otherwise; followers never scan, and entities need not be in memory. Thread-safe.
/// </summary>
internal sealed class EntityFollowers(ImmutableArray<EntityPlan> plans)
{
    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<byte[], Follower[]>[] _byKey =
        [.. plans.Select(_ => new ConcurrentDictionary<byte[], Follower[]>(Utf8KeyComparer.Instance))];

    private int _keys;

    /// <summary>Tells the followers of an entity that it has changed.</summary>
    /// <returns>False: nobody follows it.</returns>
    internal bool Mark(EntityPlan plan, ReadOnlySpan<byte> key)
    {
        if (Volatile.Read(ref _keys) == 0 || !ByKey(plan).TryGetValue(key, out Follower[]? followers))
        {
            return false;
        }

        foreach (Follower follower in followers)
        {
            follower.Changed.Mark(follower.Index);
        }

        return true;
    }

    /// <summary>The keys of a type that are followed now.</summary>
    internal ICollection<byte[]> KeysOf(EntityPlan plan) => _byKey[plans.IndexOf(plan)].Keys;

    /// <summary>Begins or ends to follow the entities of a query; see <see cref="IContextGrid.FollowAsync"/>.</summary>
    internal void Follow(ContextQuery query, int first, ChangedEntities changed, bool begins)
    {
        for (int i = 0; i < query.Count; i++)
        {
            EntityPlan plan = query.Selections[query[i].Selection].Plan;
            var follower = new Follower(changed, first + i);

            // One key a turn: a watch of many entities does not keep other watches from beginning.
            lock (_gate)
            {
                if (begins)
                {
                    Add(plan, query.Key(i), follower);
                }
                else
                {
                    Remove(plan, query.Key(i), follower);
                }
            }
        }
    }

    private ConcurrentDictionary<byte[], Follower[]>.AlternateLookup<ReadOnlySpan<byte>> ByKey(EntityPlan plan) =>
        _byKey[plans.IndexOf(plan)].GetAlternateLookup<ReadOnlySpan<byte>>();

    private void Add(EntityPlan plan, ReadOnlySpan<byte> key, Follower follower)
    {
        var byKey = ByKey(plan);
        bool isKnown = byKey.TryGetValue(key, out Follower[]? others);
        byKey[key] = isKnown ? [.. others ?? [], follower] : [follower];
        Volatile.Write(ref _keys, isKnown ? _keys : _keys + 1);
    }

    private void Remove(EntityPlan plan, ReadOnlySpan<byte> key, Follower follower)
    {
        var byKey = ByKey(plan);
        if (!byKey.TryGetValue(key, out Follower[]? all))
        {
            return;
        }

        Follower[] others = [.. all.Where(f => f != follower)];
        if (others.Length > 0)
        {
            byKey[key] = others;
        }
        else if (byKey.TryRemove(key, out _))
        {
            Volatile.Write(ref _keys, _keys - 1);
        }
    }

    /// <summary>One place of one follower.</summary>
    /// <param name="Changed">Takes the change.</param>
    /// <param name="Index">The entity's place in it.</param>
    private readonly record struct Follower(ChangedEntities Changed, int Index);
}
