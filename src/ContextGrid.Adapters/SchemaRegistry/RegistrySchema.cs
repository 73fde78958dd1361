using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Adapters.SchemaRegistry;

/// <summary>A schema as the registry has it, with everything that it refers to.</summary>
/// <param name="Id">What names it; 0 for one that was asked for by subject.</param>
/// <param name="Type">Its language.</param>
/// <param name="Text">Its text.</param>
/// <param name="References">
/// The schemas that it names, each before those that refer to it; each once. Empty for most.
/// </param>
internal sealed record RegistrySchema(
    SchemaId Id, RegistrySchemaType Type, string Text, IReadOnlyList<RegistryReference> References);

/// <summary>What the registry has said about an id.</summary>
/// <param name="Schema">The schema; null: it can't be had, which is an answer all the same.</param>
/// <param name="Refusal">Why a schema that is there can't be had, without a full stop; null: there is none.</param>
internal readonly record struct RegistryReply(RegistrySchema? Schema, string? Refusal = null);

/// <summary>The registry has answered, and what it answers can't be read: asking again at once does not help.</summary>
internal sealed class SchemaRefusedException(string message) : Exception(message);

/// <summary>A schema that another refers to.</summary>
/// <param name="Name">The name in the referring schema: an Avro full name, or the path of a Protobuf import.</param>
/// <param name="Text">Its text.</param>
internal sealed record RegistryReference(string Name, string Text);

/// <summary>The language of a schema.</summary>
internal enum RegistrySchemaType
{
    /// <summary>Avro, the registry's default.</summary>
    Avro,

    /// <summary>Protobuf, as the source of a .proto file.</summary>
    Protobuf,

    /// <summary>JSON Schema.</summary>
    Json,
}
