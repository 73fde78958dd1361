using System.Collections.Immutable;

namespace ContextGrid.Core.Definitions;

/// <summary>Turns the nodes of definition files into definitions. Pure: equal nodes give equal results.</summary>
public static class DefinitionBuilder
{
    private const int EventsMax = 256;
    private const int EntitiesMax = 256;

    private static readonly string[] Keys = ["version", "events", "entities"];

    /// <summary>Builds one set from all files.</summary>
    /// <param name="roots">The top node of each file.</param>
    /// <param name="errors">
    /// What the reader of the files has found already; receives what is wrong here. With any error there is no set.
    /// </param>
    /// <param name="times">Reads times.</param>
    public static DefinitionReadResult Build(
        ImmutableArray<DefinitionNode> roots, DefinitionErrors errors, TimeParser times)
    {
        var reader = new NodeReader(errors, times);
        DefinitionMapping[] files = [.. roots.Select(r => Root(r, reader)).OfType<DefinitionMapping>()];
        ImmutableArray<EventDefinition> events = Events(files, reader);
        ImmutableArray<EntityDefinition> entities = Entities(files, reader, events);
        if (!errors.Any && (events.Length == 0 || entities.Length == 0))
        {
            string missing = events.Length == 0 ? "events" : "entities";
            DefinitionPlace place = roots.Length == 0 ? new DefinitionPlace("definitions", 1, 1) : roots[0].Place;
            errors.Add(place, $"there are no {missing}; add '{missing}:'");
        }

        return errors.Any
            ? new DefinitionReadResult(null, errors.Sorted())
            : new DefinitionReadResult(new DefinitionSet(WithKeys(events, entities), entities), []);
    }

    private static DefinitionMapping? Root(DefinitionNode root, NodeReader reader)
    {
        if (reader.Mapping(root, "a definition file") is not { } mapping)
        {
            return null;
        }

        reader.RefuseUnknownKeys(mapping, "the file", Keys);
        DefinitionNode? version = NodeReader.Find(mapping, "version");
        if (version is null)
        {
            reader.Errors.Add(root.Place, "the file needs 'version: 1'");
        }
        else if (reader.Scalar(version, "'version'") is { Text: not "1" } other)
        {
            reader.Errors.Add(other.Place, $"unknown version '{other.Text}'; this host reads version 1");
        }

        return mapping;
    }

    private static ImmutableArray<EventDefinition> Events(DefinitionMapping[] files, NodeReader reader)
    {
        var events = new List<EventDefinition>();
        var topics = new Dictionary<string, string>(StringComparer.Ordinal);
        var eventReader = new EventReader(reader);
        foreach (DefinitionEntry entry in Entries(files, "events", "event", EventsMax, reader))
        {
            if (eventReader.Read(entry.Key, entry.Value) is not { } read)
            {
                continue;
            }

            events.Add(read);
            if (read.Topic.Length > 0 && !topics.TryAdd(read.Topic, read.Name))
            {
                // An event with a topic is a mapping with that key.
                DefinitionNode? topic = NodeReader.Find((DefinitionMapping)entry.Value, "topic");
                reader.Errors.Add(topic?.Place ?? entry.Key.Place, $"the topic '{read.Topic}' already belongs to "
                    + $"event '{topics[read.Topic]}'; a topic holds one event");
            }
        }

        return [.. events.OrderBy(e => e.Name, StringComparer.Ordinal)];
    }

    private static ImmutableArray<EntityDefinition> Entities(
        DefinitionMapping[] files, NodeReader reader, ImmutableArray<EventDefinition> events)
    {
        var entityReader = new EntityDefinitionReader(reader, events);
        return
        [
            .. Entries(files, "entities", "entity", EntitiesMax, reader)
                .Select(e => entityReader.Read(e.Key, e.Value))
                .OfType<EntityDefinition>()
                .OrderBy(e => e.Name, StringComparer.Ordinal),
        ];
    }

    /// <summary>The entries of a section over all files, each name once.</summary>
    private static List<DefinitionEntry> Entries(
        DefinitionMapping[] files, string section, string one, int max, NodeReader reader)
    {
        var entries = new Dictionary<string, DefinitionEntry>(StringComparer.Ordinal);
        var unique = new List<DefinitionEntry>();
        foreach (DefinitionMapping file in files)
        {
            DefinitionNode? node = NodeReader.Find(file, section);
            DefinitionMapping? mapping = node is null ? null : reader.Mapping(node, $"'{section}'");
            foreach (DefinitionEntry entry in mapping?.Entries ?? [])
            {
                if (entries.TryAdd(entry.Key.Text, entry))
                {
                    unique.Add(entry);
                    continue;
                }

                DefinitionPlace first = entries[entry.Key.Text].Key.Place;
                reader.Errors.Add(entry.Key.Place,
                    $"the {one} '{entry.Key.Text}' is defined already, in {first.File}:{first.Line}:{first.Column}");
            }
        }

        if (unique.Count > max)
        {
            reader.Errors.Add(unique[max].Key.Place, $"there are {unique.Count} {section}; at most {max} are allowed");
            unique.RemoveRange(max, unique.Count - max);
        }

        return unique;
    }

    /// <summary>
    /// An event without a partition key is partitioned by the key of the first entity that consumes it.
    /// </summary>
    private static ImmutableArray<EventDefinition> WithKeys(
        ImmutableArray<EventDefinition> events, ImmutableArray<EntityDefinition> entities)
    {
        EventDefinition WithKey(EventDefinition definition, int index)
        {
            EntitySource? source = entities.SelectMany(e => e.Sources).FirstOrDefault(s => s.EventIndex == index);
            return definition.KeyField < 0 && source is not null
                ? definition with { KeyField = source.KeyField }
                : definition;
        }

        return [.. events.Select(WithKey)];
    }
}
