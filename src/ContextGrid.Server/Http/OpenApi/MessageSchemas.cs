using System.Text.Json.Nodes;
using Google.Protobuf.Reflection;

namespace ContextGrid.Server.Http.OpenApi;

/// <summary>JSON schemas of protobuf messages in protobuf's JSON mapping, by full name. A message brings the messages
/// of its fields along.</summary>
internal sealed class MessageSchemas
{
    /// <summary>The schemas, ready for <c>components</c>.</summary>
    internal JsonObject Schemas { get; } = [];

    /// <summary>Adds a message.</summary>
    internal void Add(MessageDescriptor message)
    {
        if (WellKnown(message) is not null || Schemas.ContainsKey(message.FullName))
        {
            return;
        }

        var properties = new JsonObject();
        Schemas[message.FullName] = new JsonObject { ["type"] = "object", ["properties"] = properties };
        foreach (FieldDescriptor field in message.Fields.InDeclarationOrder())
        {
            properties[field.JsonName] = Field(field);
        }
    }

    private JsonObject Field(FieldDescriptor field)
    {
        if (field.IsMap)
        {
            return new JsonObject
            {
                ["type"] = "object",
                ["additionalProperties"] = Single(field.MessageType.FindFieldByNumber(2)),
            };
        }

        JsonObject single = Single(field);
        return field.IsRepeated ? new JsonObject { ["type"] = "array", ["items"] = single } : single;
    }

    private JsonObject Single(FieldDescriptor field)
    {
        switch (field.FieldType)
        {
            case FieldType.Message:
                Add(field.MessageType);
                return WellKnown(field.MessageType)
                    ?? new JsonObject { ["$ref"] = $"#/components/schemas/{field.MessageType.FullName}" };
            case FieldType.Enum:
                JsonNode[] names = [.. field.EnumType.Values.Select(v => (JsonNode)JsonValue.Create(v.Name))];
                return new JsonObject { ["type"] = "string", ["enum"] = new JsonArray(names) };
            case FieldType.Bool:
                return Of("boolean", null);
            case FieldType.Double or FieldType.Float:
                return Of("number", "double");
            case FieldType.Int32 or FieldType.SInt32 or FieldType.SFixed32:
                return Of("integer", "int32");
            case FieldType.UInt32 or FieldType.Fixed32:
                return Of("integer", "int64");
            case FieldType.Int64 or FieldType.SInt64 or FieldType.SFixed64:
                return Of("string", "int64");
            case FieldType.UInt64 or FieldType.Fixed64:
                return Of("string", "uint64");
            case FieldType.Bytes:
                return new JsonObject { ["type"] = "string", ["contentEncoding"] = "base64" };
            default:
                return Of("string", null);
        }
    }

    private static JsonObject? WellKnown(MessageDescriptor message) => message.FullName switch
    {
        "google.protobuf.Timestamp" => Of("string", "date-time"),
        "google.protobuf.Duration" => new JsonObject
        {
            ["type"] = "string",
            ["pattern"] = @"^-?[0-9]+(\.[0-9]{1,9})?s$",
        },
        "google.protobuf.Any" => new JsonObject
        {
            ["type"] = "object",
            ["properties"] = new JsonObject { ["@type"] = Of("string", null) },
        },
        _ => null,
    };

    private static JsonObject Of(string type, string? format)
    {
        var schema = new JsonObject { ["type"] = type };
        if (format is not null)
        {
            schema["format"] = format;
        }

        return schema;
    }
}
