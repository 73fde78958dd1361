using System.Collections.Immutable;
using ContextGrid.Core.Expressions;
using ContextGrid.Core.Model;

namespace ContextGrid.Core.Definitions;

/// <summary>Reads one entry of <c>events</c>.</summary>
internal sealed class EventReader(NodeReader reader)
{
    private const int OwnerCharactersMax = 256;
    private const string StartMeant = "'start' must be earliest, latest, or a time such as 2026-01-31T12:00:00Z";
    private const long DedupeMsDefault = 600_000;

    // Clocks that are kept by NTP are some milliseconds apart, and a machine that has slept is seconds ahead at most.
    // What is allowed is how far one event can move the windows of its entity.
    private const long FutureMsDefault = 10_000;
    private const long DedupeMsMax = 86_400_000;
    private const long FutureMsMax = 7 * 86_400_000L;

    private static readonly string[] Keys =
    [
        "topic", "format", "timestamp", "id", "dedupe", "key", "max_future", "owner", "fields", "classes",
        "start", "tombstone",
    ];

    // In the order of EventFormat.
    private static readonly string[] Formats = ["json", "avro", "protobuf", "cloudevents"];

    private static readonly string[] IdKeys = ["field", "per"];

    // The default first.
    private static readonly string[] Scopes = ["partition", "key"];

    // In the order of TombstoneRule.
    private static readonly string[] Tombstones = ["ignore", "dead_letter"];

    private readonly FieldsReader _fields = new(reader);

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
        List<FieldDefinition> fields = _fields.Read(mapping, name, what);
        int timestamp = Timestamp(mapping, fields, what);
        (int id, bool perKey) = Id(mapping, fields, what);
        int key = FieldIndex(mapping, "key", fields, what, ValueKind.String, ValueKind.Int64);
        (EventStart start, long startMs) = Start(mapping);
        return new EventDefinition(
            name.Text,
            reader.Topic(mapping, name, what)?.Text ?? "",
            (EventFormat)reader.Choice(mapping, "format", Formats),
            timestamp,
            id,
            reader.Duration(mapping, "dedupe", DedupeMsDefault, 1_000, DedupeMsMax),
            key,
            reader.Duration(mapping, "max_future", FutureMsDefault, 0, FutureMsMax),
            Owner(mapping),
            [.. fields])
        {
            IdsPerKey = perKey,
            Start = start,
            StartMs = startMs,
            Tombstone = Tombstone(mapping),
        };
    }

    private (EventStart Start, long Ms) Start(DefinitionMapping mapping)
    {
        if (NodeReader.Find(mapping, "start") is not { } node || reader.Scalar(node, "'start'") is not { } scalar)
        {
            return default;
        }

        return scalar.Text switch
        {
            "earliest" => (EventStart.Earliest, 0),
            "latest" => (EventStart.Latest, 0),
            _ => reader.Time(scalar, StartMeant) is { } ms ? (EventStart.Time, ms) : default,
        };
    }

    private TombstoneRule Tombstone(DefinitionMapping mapping)
    {
        if (NodeReader.Find(mapping, "tombstone") is DefinitionScalar { Text: "delete" } delete)
        {
            reader.Errors.Add(delete.Place, "'tombstone: delete' is not offered: a record without a value names no "
                + "entity, and state can't take back what an entity's other partitions and events have given it; "
                + "known are ignore and dead_letter");
            return TombstoneRule.Ignore;
        }

        return (TombstoneRule)reader.Choice(mapping, "tombstone", Tombstones);
    }

    /// <summary>The producer's id: a field, or a field and its scope. A CloudEvent has an id without a field.</summary>
    private (int Field, bool IsPerKey) Id(DefinitionMapping mapping, List<FieldDefinition> fields, string what)
    {
        if (NodeReader.Find(mapping, "id") is not DefinitionMapping id)
        {
            return (FieldIndex(mapping, "id", fields, what, ValueKind.String, ValueKind.Int64), false);
        }

        reader.RefuseUnknownKeys(id, "'id'", IdKeys);
        bool hasIds = NodeReader.Find(id, "field") is not null
            || reader.Choice(mapping, "format", Formats) == (int)EventFormat.CloudEvents;
        if (!hasIds)
        {
            reader.Errors.Add(id.Place, "'id' needs the field that holds it; add 'field: NAME'");
        }

        bool perKey = reader.Choice(id, "per", Scopes) == 1;
        return (FieldIndex(id, "field", fields, what, ValueKind.String, ValueKind.Int64), perKey && hasIds);
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

    /// <summary>
    /// The field of the event time. It need not be declared: an undeclared one is added as a timestamp, unless a
    /// declared one is so near in name that this looks like a slip.
    /// </summary>
    private int Timestamp(DefinitionMapping mapping, List<FieldDefinition> fields, string what)
    {
        if (NodeReader.Find(mapping, "timestamp") is not DefinitionMapping described)
        {
            return TimestampField(mapping, "timestamp", fields, what);
        }

        reader.RefuseUnknownKeys(described, "'timestamp'", ["field", "unit"]);
        if (NodeReader.Find(described, "field") is null)
        {
            reader.Errors.Add(described.Place, "'timestamp' needs the name of a field; write 'timestamp: NAME' or "
                + "'timestamp: {field: NAME, unit: s}'");
            return -1;
        }

        int index = TimestampField(described, "field", fields, what);
        if (NodeReader.Find(described, "unit") is { } node && reader.Scalar(node, "'unit'") is { } scalar)
        {
            TimeUnit unit = reader.Unit(scalar);
            if (index >= 0 && fields[index].Unit is var declared && declared != TimeUnit.Unstated && declared != unit)
            {
                reader.Errors.Add(scalar.Place, $"the unit is {scalar.Text}, but the field '{fields[index].Name}' is "
                    + $"declared as timestamp({TimeUnits.Word(declared)})");
            }
            else if (index >= 0)
            {
                fields[index] = fields[index] with { Unit = unit };
            }
        }

        return index;
    }

    private int TimestampField(DefinitionMapping mapping, string key, List<FieldDefinition> fields, string what)
    {
        if (NodeReader.Find(mapping, key) is not DefinitionScalar { Text.Length: > 0 } name)
        {
            return FieldIndex(mapping, key, fields, what, ValueKind.Timestamp, ValueKind.Int64);
        }

        bool declared = fields.Exists(f => f.Name == name.Text);
        bool isSlip = fields.Exists(f => f.Type == ValueKind.Timestamp
            && NearestName.Suggest(name.Text, [f.Name]).StartsWith("; did", StringComparison.Ordinal));
        if (declared || isSlip)
        {
            return FieldIndex(mapping, key, fields, what, ValueKind.Timestamp, ValueKind.Int64);
        }

        FieldDefinition added = _fields.Field(name, ValueKind.Timestamp);
        _fields.CheckSource(added, fields, name.Place);
        fields.Add(added);
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

        int index = _fields.Find(name, fields, what);
        if (index >= 0 && fields[index].Type is var type && type != one && type != other && type != ValueKind.Null)
        {
            // The field of a mapping is named by what it is for.
            string role = key != "field" ? key : one == ValueKind.Timestamp ? "timestamp" : "id";
            reader.Errors.Add(name.Place, $"'{role}' needs a field of type {TypeNames.Of(one)} or "
                + $"{TypeNames.Of(other)}; '{name.Text}' is {TypeNames.Of(type)}");
        }

        return index;
    }
}
