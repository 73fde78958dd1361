using System.Text.Json;
using System.Text.Json.Serialization;

namespace ContextGrid.Adapters.SchemaRegistry;

/// <summary>An answer of the registry about one schema.</summary>
internal sealed record RegistryAnswer(
    string Schema, RegistrySchemaType Type, IReadOnlyList<RegistryReferenceAnswer>? References);

/// <summary>A reference as the registry writes it.</summary>
internal sealed record RegistryReferenceAnswer(string Name, string Subject, int Version);

/// <summary>Reads the registry's JSON.</summary>
internal static class RegistryJson
{
    /// <summary>A schema.</summary>
    /// <exception cref="JsonException">It is not of the registry's form.</exception>
    internal static RegistryAnswer? Read(byte[] body)
    {
        SchemaBody? read = JsonSerializer.Deserialize<SchemaBody>(body);
        if (read?.Schema is null)
        {
            return null;
        }

        RegistrySchemaType type = read.SchemaType switch
        {
            null or "AVRO" => RegistrySchemaType.Avro,
            "PROTOBUF" => RegistrySchemaType.Protobuf,
            "JSON" => RegistrySchemaType.Json,
            _ => throw new JsonException($"the schema's type '{read.SchemaType}' is not known"),
        };
        return new RegistryAnswer(
            read.Schema,
            type,
            read.References?.ConvertAll(r => new RegistryReferenceAnswer(r.Name ?? "", r.Subject ?? "", r.Version)));
    }

    /// <summary>The first subject of a list of uses; null: none.</summary>
    internal static string? ReadSubject(byte[] body) =>
        JsonSerializer.Deserialize<List<ReferenceBody>>(body)?.Select(u => u.Subject).FirstOrDefault() ?? "";

    /// <summary>The id of a schema that was registered, as text.</summary>
    internal static string? ReadId(byte[] body) => JsonSerializer.Deserialize<IdBody>(body)?.Id is { } id
        ? id.ToString(System.Globalization.CultureInfo.InvariantCulture)
        : null;

    /// <summary>The body of a request that registers an Avro schema.</summary>
    internal static byte[] Registration(string schema) => JsonSerializer.SerializeToUtf8Bytes(new SchemaText(schema));

    /// <summary>The registry's error code; 0: the answer is not from a registry.</summary>
    internal static int ErrorCode(byte[] body)
    {
        try
        {
            return JsonSerializer.Deserialize<ErrorBody>(body)?.Code ?? 0;
        }
        catch (JsonException)
        {
            return 0;
        }
    }

    private sealed record SchemaBody(
        [property: JsonPropertyName("schema")] string? Schema,
        [property: JsonPropertyName("schemaType")] string? SchemaType,
        [property: JsonPropertyName("references")] List<ReferenceBody>? References);

    private sealed record ReferenceBody(
        [property: JsonPropertyName("name")] string? Name,
        [property: JsonPropertyName("subject")] string? Subject,
        [property: JsonPropertyName("version")] int Version);

    private sealed record SchemaText([property: JsonPropertyName("schema")] string Schema);

    private sealed record IdBody([property: JsonPropertyName("id")] int? Id);

    private sealed record ErrorBody([property: JsonPropertyName("error_code")] int Code);
}
