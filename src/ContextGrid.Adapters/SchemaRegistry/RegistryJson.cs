using System.Text.Json;
using System.Text.Json.Serialization;
using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Adapters.SchemaRegistry;

/// <summary>An answer of the registry about one schema.</summary>
internal sealed record RegistryAnswer(
    string Schema, RegistrySchemaType Type, IReadOnlyList<RegistryReferenceAnswer>? References);

/// <summary>A reference as the registry writes it.</summary>
internal sealed record RegistryReferenceAnswer(string Name, string Subject, int Version);

/// <summary>The registry's answer when a schema was registered.</summary>
internal sealed record RegisteredSchema([property: JsonPropertyName("id")] int? Id);

/// <summary>Reads the registry's JSON.</summary>
internal static class RegistryJson
{
    private const int TextCharsMax = 200;

    /// <summary>A schema.</summary>
    /// <returns>Null: it is not a registry's answer.</returns>
    /// <exception cref="JsonException">It is no JSON.</exception>
    /// <exception cref="SchemaRefusedException">It is a registry's answer, but its language is not read here, or it
    /// is not of the form that it should have.</exception>
    internal static RegistryAnswer? Read(byte[] body)
    {
        ReadOnlySpan<byte> json = body.AsSpan(ByteOrderMark.LengthOf(body));
        JsonElement answer = JsonSerializer.Deserialize<JsonElement>(json);
        if (answer.ValueKind != JsonValueKind.Object || !answer.TryGetProperty("schema", out _))
        {
            return null;
        }

        SchemaBody? read;
        try
        {
            read = answer.Deserialize<SchemaBody>();
        }
        catch (JsonException e)
        {
            throw Malformed(e.Path);
        }

        if (read?.Schema is null || read.References?.Contains(null) == true)
        {
            throw Malformed(read?.Schema is null ? "$.schema" : "$.references");
        }

        RegistrySchemaType type = read.SchemaType?.ToUpperInvariant() switch
        {
            null or "" or "AVRO" => RegistrySchemaType.Avro,
            "PROTOBUF" => RegistrySchemaType.Protobuf,
            "JSON" => RegistrySchemaType.Json,
            _ => throw new SchemaRefusedException(
                $"the writer's schema is of the type '{Shown(read.SchemaType)}'; AVRO, PROTOBUF and JSON are read"),
        };
        return new RegistryAnswer(
            read.Schema,
            type,
            read.References?.ConvertAll(r => new RegistryReferenceAnswer(
                r?.Name ?? "", r?.Subject ?? "", r?.Version ?? 0)));
    }

    /// <summary>The first subject of a list of uses; null: none.</summary>
    internal static string? ReadSubject(byte[] body) =>
        JsonSerializer.Deserialize<List<ReferenceBody?>>(body)?.Select(u => u?.Subject).FirstOrDefault() ?? "";

    /// <summary>The answer to a request that registers a schema.</summary>
    internal static RegisteredSchema? ReadRegistered(byte[] body) =>
        JsonSerializer.Deserialize<RegisteredSchema>(body) is { Id: not null } registered ? registered : null;

    /// <summary>The body of a request that registers an Avro schema.</summary>
    internal static byte[] Registration(string schema) => JsonSerializer.SerializeToUtf8Bytes(new SchemaText(schema));

    /// <summary>Whether the answer is an error in the form of registries, and not only of the web server in which one
    /// runs, which answers so when the address has a wrong path.</summary>
    internal static bool IsRegistrysError(byte[] body) =>
        ReadError(body) is { Code: > 0 } error
        && error.Message?.StartsWith("HTTP ", StringComparison.Ordinal) != true;

    /// <summary>What the registry says of an error; empty: nothing.</summary>
    internal static string ErrorText(byte[] body) => Shown(ReadError(body)?.Message ?? "");

    /// <summary>Whether the answer is a list of texts, as registries answer which types of schemas they have.</summary>
    internal static bool IsListOfTexts(byte[] body)
    {
        try
        {
            return JsonSerializer.Deserialize<List<string>>(body) is not null;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static SchemaRefusedException Malformed(string? path) =>
        new($"the schema registry's answer about the writer's schema can't be read: '{path}' is not what it should be");

    private static ErrorBody? ReadError(byte[] body)
    {
        try
        {
            return JsonSerializer.Deserialize<ErrorBody>(body);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string Shown(string text) => text.Length > TextCharsMax ? text[..TextCharsMax] + "…" : text;

    private sealed record SchemaBody(
        [property: JsonPropertyName("schema")] string? Schema,
        [property: JsonPropertyName("schemaType")] string? SchemaType,
        [property: JsonPropertyName("references")] List<ReferenceBody?>? References);

    private sealed record ReferenceBody(
        [property: JsonPropertyName("name")] string? Name,
        [property: JsonPropertyName("subject")] string? Subject,
        [property: JsonPropertyName("version")] int Version);

    private sealed record SchemaText([property: JsonPropertyName("schema")] string Schema);

    private sealed record ErrorBody(
        [property: JsonPropertyName("error_code"), JsonNumberHandling(JsonNumberHandling.AllowReadingFromString)]
        int Code,
        [property: JsonPropertyName("message")] string? Message);
}
