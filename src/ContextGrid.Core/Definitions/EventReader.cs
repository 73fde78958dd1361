using System.Collections.Immutable;
using ContextGrid.Core.Expressions;
using ContextGrid.Core.Model;

namespace ContextGrid.Core.Definitions;

/// <summary>Reads one entry of <c>events</c>.</summary>
internal sealed class EventReader(NodeReader reader)
{
    private const int FieldsMax = 1_000;
    private const int FieldNameCharactersMax = 256;
    private const int OwnerCharactersMax = 256;
    private const int TopicCharactersMax = 249;
    private const long DedupeMsDefault = 600_000;
    private const long FutureMsDefault = 300_000;
    private const long DedupeMsMax = 86_400_000;
    private const long FutureMsMax = 7 * 86_400_000L;

    private static readonly string[] Keys =
    [
        "topic", "format", "timestamp", "id", "dedupe", "key", "max_future", "owner", "fields", "classes",
    ];

    /// <summary>
    /// Reads an event. What is wrong has a stand-in, so that entities can be checked against it all the same; null only
    /// when it is not even a mapping.
    /// </summary>
    internal EventDefinition? Read(DefinitionScalar name, DefinitionNode node)
    {
        reader.CheckName(name, "an event");
        if (reader.Mapping(node, $"event '{name.Text}'") is not { } mapping)
        {
            return null;
        }

        string what = $"event '{name.Text}'";
        reader.RefuseUnknownKeys(mapping, what, Keys);
        List<FieldDefinition> fields = Fields(mapping, name, what);
        int timestamp = Timestamp(mapping, fields, what);
        int id = FieldIndex(mapping, "id", fields, what, ValueKind.String, ValueKind.Int64);
        int key = FieldIndex(mapping, "key", fields, what, ValueKind.String, ValueKind.Int64);
        return new EventDefinition(
            name.Text,
            Topic(mapping, name, what),
            Format(mapping),
            timestamp,
            id,
            reader.Duration(mapping, "dedupe", DedupeMsDefault, 1_000, DedupeMsMax),
            key,
            reader.Duration(mapping, "max_future", FutureMsDefault, 0, FutureMsMax),
            Owner(mapping),
            [.. fields]);
    }

    private string Topic(DefinitionMapping mapping, DefinitionScalar name, string what)
    {
        if (NodeReader.Find(mapping, "topic") is not { } node)
        {
            reader.Errors.Add(name.Place, $"{what} needs a topic; add 'topic: NAME'");
            return "";
        }

        if (reader.Scalar(node, "'topic'") is not { } topic)
        {
            return "";
        }

        bool good = topic.Text.Length <= TopicCharactersMax && topic.Text is not ("." or "..")
            && topic.Text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');
        if (!good)
        {
            reader.Errors.Add(topic.Place, $"'{topic.Text}' cannot be the name of a topic; allowed are letters, "
                + $"digits, . _ and -, at most {TopicCharactersMax}, but not . or .. alone");
        }

        return topic.Text;
    }

    private EventFormat Format(DefinitionMapping mapping)
    {
        if (NodeReader.Find(mapping, "format") is { } node && reader.Scalar(node, "'format'") is { } format)
        {
            string[] known = ["json", "avro", "protobuf"];
            if (format.Text is "avro" or "protobuf")
            {
                reader.Errors.Add(
                    format.Place, $"the format '{format.Text}' is not supported by this host yet; use json");
            }
            else if (format.Text != "json")
            {
                reader.Errors.Add(format.Place,
                    $"unknown format: '{format.Text}'{NearestName.Suggest(format.Text, known)}");
            }
        }

        return EventFormat.Json;
    }

    private string? Owner(DefinitionMapping mapping)
    {
        if (NodeReader.Find(mapping, "owner") is not { } node || reader.Scalar(node, "'owner'") is not { } owner)
        {
            return null;
        }

        if (owner.Text.Length > OwnerCharactersMax)
        {
            reader.Errors.Add(owner.Place,
                $"'owner' has {owner.Text.Length} characters; at most {OwnerCharactersMax} are allowed");
        }

        return owner.Text;
    }

    private List<FieldDefinition> Fields(DefinitionMapping mapping, DefinitionScalar name, string what)
    {
        var fields = new List<FieldDefinition>();
        if (NodeReader.Find(mapping, "fields") is not { } node)
        {
            reader.Errors.Add(name.Place, $"{what} needs fields; add 'fields: {{NAME: TYPE, …}}'");
            return fields;
        }

        if (reader.Mapping(node, "'fields'") is not { } declared)
        {
            return fields;
        }

        if (declared.Entries.Length is 0 or > FieldsMax)
        {
            reader.Errors.Add(
                declared.Place, $"{what} has {declared.Entries.Length} fields; allowed are 1 to {FieldsMax}");
        }

        foreach (DefinitionEntry entry in declared.Entries)
        {
            fields.Add(new FieldDefinition(FieldName(entry.Key), FieldType(entry), null));
        }

        Classes(mapping, fields, what);
        return fields;
    }

    private string FieldName(DefinitionScalar name)
    {
        bool good = name.Text.Length is > 0 and <= FieldNameCharactersMax
            && !name.Text.Any(c => c == '`' || char.IsControl(c));
        if (!good)
        {
            reader.Errors.Add(name.Place, $"'{name.Text}' cannot be the name of a field; it has 1 to "
                + $"{FieldNameCharactersMax} characters, without ` and control characters");
        }

        return name.Text;
    }

    private ValueKind FieldType(DefinitionEntry entry)
    {
        if (reader.Scalar(entry.Value, $"the type of field '{entry.Key.Text}'") is not { } type)
        {
            return ValueKind.Null;
        }

        if (!TypeNames.TryParse(type.Text, out ValueKind kind))
        {
            reader.Errors.Add(type.Place, $"unknown type of field '{entry.Key.Text}': '{type.Text}'"
                + NearestName.Suggest(type.Text, TypeNames.Declarable));
        }

        return kind;
    }

    private void Classes(DefinitionMapping mapping, List<FieldDefinition> fields, string what)
    {
        if (NodeReader.Find(mapping, "classes") is not { } node || reader.Mapping(node, "'classes'") is not { } classes)
        {
            return;
        }

        foreach (DefinitionEntry entry in classes.Entries)
        {
            int index = Find(entry.Key, fields, what);
            DefinitionScalar? dataClass = reader.Scalar(entry.Value, $"the class of field '{entry.Key.Text}'");
            if (dataClass is not null)
            {
                reader.CheckName(dataClass, "a data class");
            }

            if (index >= 0 && dataClass is not null)
            {
                fields[index] = fields[index] with { DataClass = dataClass.Text };
            }
        }
    }

    /// <summary>
    /// The field of the event time. It need not be declared: an undeclared one is added as a timestamp, unless a
    /// declared one is so near in name that this looks like a slip.
    /// </summary>
    private int Timestamp(DefinitionMapping mapping, List<FieldDefinition> fields, string what)
    {
        if (NodeReader.Find(mapping, "timestamp") is not DefinitionScalar { Text.Length: > 0 } name)
        {
            return FieldIndex(mapping, "timestamp", fields, what, ValueKind.Timestamp, ValueKind.Int64);
        }

        bool declared = fields.Exists(f => f.Name == name.Text);
        bool isSlip = fields.Exists(f => f.Type == ValueKind.Timestamp
            && NearestName.Suggest(name.Text, [f.Name]).StartsWith("; did", StringComparison.Ordinal));
        if (declared || isSlip)
        {
            return FieldIndex(mapping, "timestamp", fields, what, ValueKind.Timestamp, ValueKind.Int64);
        }

        fields.Add(new FieldDefinition(FieldName(name), ValueKind.Timestamp, null));
        return fields.Count - 1;
    }

    private int FieldIndex(
        DefinitionMapping mapping, string key, List<FieldDefinition> fields, string what,
        ValueKind one, ValueKind other)
    {
        if (NodeReader.Find(mapping, key) is not { } node || reader.Scalar(node, $"'{key}'") is not { } name)
        {
            return -1;
        }

        int index = Find(name, fields, what);
        if (index >= 0 && fields[index].Type is var type && type != one && type != other && type != ValueKind.Null)
        {
            reader.Errors.Add(name.Place, $"'{key}' needs a field of type {TypeNames.Of(one)} or "
                + $"{TypeNames.Of(other)}; '{name.Text}' is {TypeNames.Of(type)}");
        }

        return index;
    }

    private int Find(DefinitionScalar name, List<FieldDefinition> fields, string what)
    {
        int index = fields.FindIndex(f => f.Name == name.Text);
        if (index < 0)
        {
            reader.Errors.Add(name.Place, $"unknown field of {what}: '{name.Text}'"
                + NearestName.Suggest(name.Text, fields.Select(f => f.Name)));
        }

        return index;
    }
}
