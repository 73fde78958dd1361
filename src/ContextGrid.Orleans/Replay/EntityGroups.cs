using ContextGrid.Core.Definitions;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Orleans.Entities;
using ContextGrid.Orleans.Wire;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Shards;

namespace ContextGrid.Orleans.Replay;

/// <summary>Groups the wanted events of a batch by entity, so that all its entities can be brought in at once. Reused;
/// one caller at a time.</summary>
/// <param name="plan">The entity type.</param>
/// <param name="keys">The wanted keys.</param>
internal sealed class EntityGroups(EntityPlan plan, ReplayKeys keys)
{
    private readonly byte[] _type = System.Text.Encoding.UTF8.GetBytes(plan.Definition.Name);
    private readonly byte[] _name = new byte[4096];
    private readonly Dictionary<byte[], EventBlockWriter> _groups = new(Utf8KeyComparer.Instance);
    private readonly Stack<EventBlockWriter> _spare = new();

    /// <summary>The entities' names, each with its events.</summary>
    internal IReadOnlyDictionary<byte[], EventBlockWriter> Groups => _groups;

    /// <summary>Takes the events of a loaded batch in place of those before.</summary>
    /// <returns>How many are wanted.</returns>
    internal int Fill(EventBatch batch)
    {
        foreach (EventBlockWriter events in _groups.Values)
        {
            events.Reset();
            _spare.Push(events);
        }

        _groups.Clear();
        int count = 0;
        while (batch.MoveNext())
        {
            int at = plan.EventPlanOf(batch.Current.EventIndex);
            if (at >= 0 && batch.TryGetKey(plan.Definition.Sources[at], out ReadOnlySpan<byte> key)
                && keys.Includes(key))
            {
                EventDefinition definition = plan.Definitions.Events[batch.Current.EventIndex];
                GroupOf(key).Add(batch.Current, definition.Fields.Length, batch.IsSkipped);
                count++;
            }
        }

        return count;
    }

    private EventBlockWriter GroupOf(ReadOnlySpan<byte> key)
    {
        ReadOnlySpan<byte> name = _name.AsSpan(0, EntityName.Write(_type, key, _name));
        var groups = _groups.GetAlternateLookup<ReadOnlySpan<byte>>();
        if (!groups.TryGetValue(name, out EventBlockWriter? events))
        {
            groups[name] = events = _spare.TryPop(out EventBlockWriter? spare) ? spare : new EventBlockWriter();
        }

        return events;
    }
}
