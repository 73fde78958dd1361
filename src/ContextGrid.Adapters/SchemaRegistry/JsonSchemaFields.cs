using System.Text.Json;
using ContextGrid.Core.Model;

namespace ContextGrid.Adapters.SchemaRegistry;

/// <summary>Lists what a definition could declare of a JSON Schema: its members of one simple type.</summary>
internal static class JsonSchemaFields
{
    /// <summary>Adds the members of the object.</summary>
    /// <exception cref="SchemaTextException">It is not JSON.</exception>
    internal static void Add(string text, List<SubjectField> into)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            if (document.RootElement.ValueKind != JsonValueKind.Object
                || !document.RootElement.TryGetProperty("properties", out JsonElement members)
                || members.ValueKind != JsonValueKind.Object)
            {
                return;
            }

            foreach (JsonProperty member in members.EnumerateObject())
            {
                if (member.Value.ValueKind == JsonValueKind.Object && Of(member.Value) is var kind
                    && kind != ValueKind.Null)
                {
                    into.Add(new SubjectField(member.Name, kind));
                }
            }
        }
        catch (JsonException e)
        {
            throw new SchemaTextException($"it is not JSON: {e.Message}");
        }
    }

    private static ValueKind Of(JsonElement schema)
    {
        if (!schema.TryGetProperty("type", out JsonElement type))
        {
            return ValueKind.Null;
        }

        string?[] types = type.ValueKind == JsonValueKind.Array
            ? [.. type.EnumerateArray().Select(t => t.ToString()).Where(t => t != "null")]
            : [type.ToString()];
        bool isTime = schema.TryGetProperty("format", out JsonElement format) && format.ToString() == "date-time";
        return types is not [{ } single] ? ValueKind.Null : single switch
        {
            "string" => isTime ? ValueKind.Timestamp : ValueKind.String,
            "integer" => ValueKind.Int64,
            "number" => ValueKind.Double,
            "boolean" => ValueKind.Bool,
            "array" => ValueKind.List,
            _ => ValueKind.Null,
        };
    }
}
