using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using ContextGrid.Core.Expressions;
using ContextGrid.Core.Model;

namespace ContextGrid.Runtime.Codecs;

/// <summary>
/// The JSON Schema (draft 2020-12) of definition files, with which editors complete and check them. It knows the shape;
/// only <see cref="DefinitionFiles"/> knows the feature language and the references between names.
/// </summary>
public static class DefinitionSchema
{
    private const string NamePattern = "^[a-z][a-z0-9_]{0,62}$";

    private static readonly JsonSerializerOptions Readable = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>
    /// The schema as indented JSON with a final newline. Deterministic: it is kept beside the documentation.
    /// </summary>
    public static string Write()
    {
        var schema = new JsonObject
        {
            ["$schema"] = "https://json-schema.org/draft/2020-12/schema",
            ["title"] = "ContextGrid definitions",
            ["type"] = "object",
            ["additionalProperties"] = false,
            ["required"] = new JsonArray("version"),
            ["properties"] = new JsonObject
            {
                ["version"] = new JsonObject { ["const"] = 1, ["description"] = "The version of the notation: 1." },
                ["events"] = Named("Events by name.", Event()),
                ["entities"] = Named("Types of entity by name.", Entity()),
            },
        };
        return schema.ToJsonString(Readable).ReplaceLineEndings("\n") + "\n";
    }

    private static JsonObject Event() => Closed(
        ["topic", "fields"],
        new JsonObject
        {
            ["topic"] = Text("The topic that holds the event; one event a topic.", "^[A-Za-z0-9._-]{1,249}$"),
            ["format"] = new JsonObject
            {
                ["enum"] = new JsonArray("json", "avro", "protobuf", "cloudevents"),
                ["default"] = "json",
                ["description"] = "The encoding of the payload.",
            },
            ["timestamp"] = Timestamp(),
            ["id"] = Id(),
            ["dedupe"] = Duration("How long an id is remembered.", "10m"),
            ["key"] = Text("The field that partitions the topic; by default the key of the first entity."),
            ["max_future"] = Duration("How far the event time may be ahead of the record's log time.", "10s"),
            ["start"] = Text(
                "Where new state begins in the topic: earliest (the default), latest, or a time such as "
                + "2026-01-31T12:00:00Z."),
            ["tombstone"] = new JsonObject
            {
                ["enum"] = new JsonArray("ignore", "dead_letter"),
                ["default"] = "ignore",
                ["description"] = "What becomes of a record without a value.",
            },
            ["owner"] = Text("Who answers for the event."),
            ["fields"] = Fields(),
            ["classes"] = Map("Data classes of fields, such as pii.", Text("The class.", NamePattern)),
        });

    private static JsonObject Id() => new()
    {
        ["description"] = "The field of the producer's id, so that its retries count once.",
        ["oneOf"] = new JsonArray(
            Text("The field."),
            Closed([], new JsonObject
            {
                ["field"] = Text("The field; a CloudEvent needs none."),
                ["per"] = new JsonObject
                {
                    ["enum"] = new JsonArray("partition", "key"),
                    ["default"] = "partition",
                    ["description"] = "Within what an id is unique: the topic's partition, or each key.",
                },
            })),
    };

    private static JsonObject Timestamp() => new()
    {
        ["description"] = "The field of the event time; without it the record's own time counts.",
        ["anyOf"] = new JsonArray(
            new JsonObject { ["type"] = "string" },
            Closed(["field"], new JsonObject
            {
                ["field"] = Text("The field."),
                ["unit"] = new JsonObject
                {
                    ["enum"] = new JsonArray([.. TimeUnits.Words.Select(w => (JsonNode)w)]),
                    ["description"] = "The unit of a number: seconds, milli-, micro- or nanoseconds since 1970.",
                },
            })),
    };

    private static JsonObject Entity() => Closed(
        ["from", "features"],
        new JsonObject
        {
            ["from"] = Map("For each consumed event the field that holds this entity's key.", Text("A field.")),
            ["ttl"] = Duration("After so long without an event every feature is EXPIRED.", null),
            ["allowed_lateness"] = Duration("How late an event may be before it counts as late.", "1h"),
            ["freshness"] = Duration("The freshness objective.", "2s"),
            ["head"] = new JsonObject
            {
                ["enum"] = new JsonArray("newest", "clock"),
                ["default"] = "newest",
                ["description"] = "Where windows end: at the later of the server's clock and the newest event, or at "
                    + "the clock.",
            },
            ["features"] = Named(
                "Features by name: 'event | aggregate [by x [top n]] [over window] [where predicate]', or an "
                + "expression.",
                Text("One line of the feature language.")),
            ["memory"] = Closed([], new JsonObject
            {
                ["turns"] = Count("Turns of a conversation that are kept."),
                ["facts"] = Count("Facts that are kept."),
                ["items"] = Count("Items that are kept."),
            }),
            ["outputs"] = Outputs(),
        });

    private static JsonObject Fields() => Map(
        "Fields by name: TYPE, the name being the path of its member; TYPE from PATH; or TYPE from header NAME; "
        + "several places with 'or' between them.",
        new JsonObject
        {
            ["anyOf"] = new JsonArray(
                new JsonObject
                {
                    ["enum"] = new JsonArray([.. TypeNames.Declarable.Append("int")
                        .Concat(TimeUnits.Words.Select(w => $"timestamp({w})")).Select(t => (JsonNode)t)]),
                },
                Text(
                    "Where it is read, such as 'double from order.amount' or 'string from header tenant-id'.",
                    @"^[a-z0-9]+(\([a-z]+\))?[ \t]+from[ \t]+.+$")),
        });

    private static JsonObject Closed(string[] required, JsonObject properties) => new()
    {
        ["type"] = "object",
        ["additionalProperties"] = false,
        ["required"] = new JsonArray([.. required.Select(r => (JsonNode)r)]),
        ["properties"] = properties,
    };

    private static JsonObject Named(string description, JsonObject value) => new()
    {
        ["type"] = "object",
        ["description"] = description,
        ["propertyNames"] = new JsonObject { ["pattern"] = NamePattern },
        ["additionalProperties"] = value,
    };

    private static JsonObject Map(string description, JsonObject value) => new()
    {
        ["type"] = "object",
        ["description"] = description,
        ["additionalProperties"] = value,
    };

    private static JsonObject Outputs() => Named(
        "Features that are written to topics when an entity has changed, by name.",
        Closed(["topic"], new JsonObject
        {
            ["topic"] = Text("A topic of its own."),
            ["features"] = new JsonObject
            {
                ["type"] = "array",
                ["minItems"] = 1,
                ["items"] = new JsonObject { ["type"] = "string" },
                ["description"] = "The features; default: all of the entity.",
            },
            ["format"] = new JsonObject
            {
                ["enum"] = new JsonArray("json", "avro"),
                ["default"] = "json",
                ["description"] = "How values are written.",
            },
            ["interval"] = Duration("Changes of one entity within so long are one record: 100ms to 1m.", "1s"),
            ["partitions"] = Count("Partitions of the topic when it has to be made.", 1, 1_024),
        }));

    private static JsonObject Count(string description, int min = 0, int max = 1_000_000) => new()
    {
        ["type"] = "integer",
        ["minimum"] = min,
        ["maximum"] = max,
        ["description"] = description,
    };

    private static JsonObject Text(string description, string? pattern = null)
    {
        var text = new JsonObject { ["type"] = "string", ["description"] = description };
        if (pattern is not null)
        {
            text["pattern"] = pattern;
        }

        return text;
    }

    private static JsonObject Duration(string description, string? defaultText)
    {
        JsonObject duration = Text(description, "^[0-9]+(ms|s|m|h|d|w)$");
        if (defaultText is not null)
        {
            duration["default"] = defaultText;
        }

        return duration;
    }
}
