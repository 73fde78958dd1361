using System.Collections.Immutable;
using ContextGrid.Core.Expressions;

namespace ContextGrid.Core.Definitions;

/// <summary>Reads the <c>outputs</c> of entities.</summary>
internal sealed class OutputsReader(NodeReader reader, ImmutableArray<EventDefinition> events)
{
    private const long IntervalMsDefault = 1_000;
    private const long IntervalMsMin = 100;
    private const long IntervalMsMax = 60_000;
    private const long PartitionsDefault = 4;
    private const long PartitionsMax = 1_024;

    private static readonly string[] Keys = ["topic", "features", "format", "interval", "partitions"];

    // In the order of OutputFormat.
    private static readonly string[] Formats = ["json", "avro"];

    private readonly Dictionary<string, string> _topics = new(StringComparer.Ordinal);

    /// <summary>Reads the outputs of one entity.</summary>
    /// <param name="node">What stands behind the key; null: there are none.</param>
    /// <param name="entity">The entity's name.</param>
    /// <param name="features">The entity's features.</param>
    internal ImmutableArray<OutputDefinition> Read(
        DefinitionNode? node, string entity, ImmutableArray<FeatureDefinition> features) =>
        node is null || reader.Mapping(node, "'outputs'") is not { } mapping
            ? []
            : [.. mapping.Entries.Select(e => Read(e, entity, features)).OfType<OutputDefinition>()];

    private OutputDefinition? Read(
        DefinitionEntry entry, string entity, ImmutableArray<FeatureDefinition> features)
    {
        reader.CheckName(entry.Key, "an output");
        string what = $"output '{entry.Key.Text}'";
        if (reader.Mapping(entry.Value, what) is not { } mapping)
        {
            return null;
        }

        reader.RefuseUnknownKeys(mapping, what, Keys);
        return new OutputDefinition(
            entry.Key.Text,
            Topic(mapping, entry.Key, what, $"{entity}.{entry.Key.Text}"),
            (int)reader.Integer(mapping, "partitions", PartitionsDefault, 1, PartitionsMax),
            (OutputFormat)reader.Choice(mapping, "format", Formats),
            reader.Duration(mapping, "interval", IntervalMsDefault, IntervalMsMin, IntervalMsMax),
            Features(mapping, features));
    }

    private string Topic(DefinitionMapping mapping, DefinitionScalar name, string what, string owner)
    {
        if (reader.Topic(mapping, name, what) is not { } topic)
        {
            return "";
        }

        if (events.FirstOrDefault(e => e.Topic == topic.Text) is { } source)
        {
            reader.Errors.Add(topic.Place, $"the topic '{topic.Text}' is read as event '{source.Name}'; an output "
                + "needs a topic of its own");
        }
        else if (!_topics.TryAdd(topic.Text, owner))
        {
            reader.Errors.Add(topic.Place, $"the topic '{topic.Text}' already belongs to output "
                + $"'{_topics[topic.Text]}'; a topic takes one output, since its keys are those of the entities");
        }

        return topic.Text;
    }

    private ImmutableArray<int> Features(DefinitionMapping mapping, ImmutableArray<FeatureDefinition> features)
    {
        if (NodeReader.Find(mapping, "features") is not { } node)
        {
            return [.. Enumerable.Range(0, features.Length)];
        }

        if (node is not DefinitionSequence { Items.Length: > 0 } sequence)
        {
            reader.Errors.Add(
                node.Place, $"'features' must be a sequence of features' names; found {NodeReader.Describe(node)}");
            return [];
        }

        return [.. sequence.Items.Select(n => Feature(n, features)).Where(i => i >= 0).Distinct()];
    }

    private int Feature(DefinitionNode node, ImmutableArray<FeatureDefinition> features)
    {
        if (reader.Scalar(node, "a feature of an output") is not { } name)
        {
            return -1;
        }

        int index = features.Select(f => f.Name).ToList().IndexOf(name.Text);
        if (index < 0)
        {
            reader.Errors.Add(name.Place, $"unknown feature: '{name.Text}'"
                + NearestName.Suggest(name.Text, features.Select(f => f.Name)));
        }

        return index;
    }
}
