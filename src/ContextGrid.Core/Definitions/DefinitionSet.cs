using System.Collections.Immutable;

namespace ContextGrid.Core.Definitions;

/// <summary>All definitions of a grid: checked, immutable, and the input of every plan.</summary>
public sealed class DefinitionSet
{
    /// <summary>
    /// Creates a set. The reader of definitions has checked everything; this only derives the topics.
    /// </summary>
    public DefinitionSet(ImmutableArray<EventDefinition> events, ImmutableArray<EntityDefinition> entities)
    {
        Events = events;
        Entities = entities;
        Topics = [.. events.Select(e => e.Topic).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
    }

    /// <summary>Events in ordinal order of their names.</summary>
    public ImmutableArray<EventDefinition> Events { get; }

    /// <summary>Entities in ordinal order of their names.</summary>
    public ImmutableArray<EntityDefinition> Entities { get; }

    /// <summary>The index in <see cref="Events"/> of the event that a topic holds; −1: no event has it.</summary>
    public int EventOf(string topic)
    {
        for (int i = 0; i < Events.Length; i++)
        {
            if (Events[i].Topic == topic)
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>The source topics in ordinal order: a topic's index here is part of every position.</summary>
    public ImmutableArray<string> Topics { get; }
}
