using System.Collections.Immutable;
using ContextGrid.Core.Expressions;

namespace ContextGrid.Core.Definitions;

/// <summary>The events that an entity's features can use, with their fields.</summary>
internal sealed class FeatureScope
{
    private readonly string _entity;
    private readonly ImmutableArray<EventDefinition> _events;
    private readonly HashSet<int> _consumed;
    private readonly bool _consumesAll;
    private readonly Dictionary<int, ExpressionScope> _fields = [];

    /// <summary>Creates the scope of an entity.</summary>
    /// <param name="entity">The entity's name.</param>
    /// <param name="events">All events.</param>
    /// <param name="consumed">
    /// Indexes of the events that the entity consumes; none when that is not known, because its <c>from</c> is wrong,
    /// and then every event is accepted.
    /// </param>
    internal FeatureScope(string entity, ImmutableArray<EventDefinition> events, IEnumerable<int> consumed)
    {
        _entity = entity;
        _events = events;
        _consumed = [.. consumed];
        _consumesAll = _consumed.Count == 0;
    }

    /// <summary>The index of the event of a name; −1, with an error, when the entity has no such event.</summary>
    internal int FindEvent(Token name, LanguageErrors errors)
    {
        for (int i = 0; i < _events.Length; i++)
        {
            if (_events[i].Name == name.Text && (_consumesAll || _consumed.Contains(i)))
            {
                return i;
            }
        }

        bool exists = _events.Any(e => e.Name == name.Text);
        IEnumerable<string> known = _events.Where((_, i) => _consumesAll || _consumed.Contains(i)).Select(e => e.Name);
        errors.Meaning(name.Offset, exists
            ? $"the entity '{_entity}' does not consume the event '{name.Text}'; "
                + $"add '{name.Text}: KEY_FIELD' to its from"
            : $"unknown event of entity '{_entity}': '{name.Text}'{NearestName.Suggest(name.Text, known)}");
        return -1;
    }

    /// <summary>The fields of an event; null for −1.</summary>
    internal ExpressionScope? FieldsOf(int eventIndex)
    {
        if (eventIndex < 0)
        {
            return null;
        }

        if (!_fields.TryGetValue(eventIndex, out ExpressionScope? scope))
        {
            EventDefinition definition = _events[eventIndex];
            scope = new ExpressionScope(
                $"field of event '{definition.Name}'",
                [.. definition.Fields.Select(f => new ExpressionSlot(f.Name, f.Type))])
            {
                Suggest = name => FieldDefinition.Suggest(name, definition.Fields),
            };
            _fields.Add(eventIndex, scope);
        }

        return scope;
    }
}
