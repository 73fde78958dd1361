using System.Text.Json;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Model;

namespace ContextGrid.Adapters.SchemaRegistry;

/// <summary>Lists what a definition could declare of a JSON Schema: its members of one simple type, and those of
/// objects in it.</summary>
internal static class JsonSchemaFields
{
    // Deeper members are hardly ever features.
    private const int DepthMax = 4;

    /// <summary>Adds the members of the object.</summary>
    /// <exception cref="SchemaTextException">It is not JSON.</exception>
    internal static void Add(string text, List<SubjectField> into)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            AddMembers(document.RootElement, [], into);
        }
        catch (JsonException e)
        {
            throw new SchemaTextException($"it is not JSON: {e.Message}");
        }
    }

    private static void AddMembers(JsonElement schema, string[] path, List<SubjectField> into)
    {
        if (schema.ValueKind != JsonValueKind.Object
            || !schema.TryGetProperty("properties", out JsonElement members)
            || members.ValueKind != JsonValueKind.Object)
        {
            return;
        }

        foreach (JsonProperty member in members.EnumerateObject())
        {
            string[] inner = [.. path, member.Name];
            ValueKind kind = member.Value.ValueKind == JsonValueKind.Object ? Of(member.Value) : ValueKind.Null;
            if (kind == ValueKind.Map && inner.Length < DepthMax)
            {
                AddMembers(member.Value, inner, into);
            }
            else if (kind is not (ValueKind.Null or ValueKind.Map))
            {
                into.Add(new SubjectField(FieldSource.NameOf(inner), kind));
            }
        }
    }

    // A map stands for an object.
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
            "object" => ValueKind.Map,
            _ => ValueKind.Null,
        };
    }
}
