using System.Text.Json;

namespace ContextGrid.Adapters.SchemaRegistry.Avro;

/// <summary>Reads parts of the JSON objects that schemas are written in.</summary>
internal static class AvroNode
{
    /// <summary>The full name of a named type, and the namespace inside of it.</summary>
    internal static string NameOf(JsonElement node, string space, out string inner)
    {
        string name = Member(node, "name").GetString() ?? "";
        string own = node.TryGetProperty("namespace", out JsonElement given) ? given.GetString() ?? space : space;
        string full = FullName(name, own);
        int dot = full.LastIndexOf('.');
        inner = dot < 0 ? "" : full[..dot];
        return full.Length > 0 ? full : throw new SchemaTextException("a named type has no name");
    }

    /// <summary>A name with its namespace. One that begins with a dot is in no namespace.</summary>
    internal static string FullName(string name, string space) =>
        name.StartsWith('.') ? name[1..]
        : space.Length == 0 || name.Contains('.', StringComparison.Ordinal) ? name
        : $"{space}.{name}";

    /// <summary>A member that must be there.</summary>
    internal static JsonElement Member(JsonElement node, string name) =>
        node.TryGetProperty(name, out JsonElement found) ? found
        : throw new SchemaTextException($"'{name}' is missing");

    /// <summary>A list of texts; empty when there is none.</summary>
    internal static List<string> Texts(JsonElement node, string name) =>
        node.TryGetProperty(name, out JsonElement list) && list.ValueKind == JsonValueKind.Array
            ? [.. list.EnumerateArray().Select(t => t.GetString() ?? "")]
            : [];
}
