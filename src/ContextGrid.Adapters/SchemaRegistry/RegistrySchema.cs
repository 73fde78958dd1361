namespace ContextGrid.Adapters.SchemaRegistry;

/// <summary>A schema as the registry has it, with everything that it refers to.</summary>
/// <param name="Id">Its id; 0 for one that was asked for by subject and has none in the answer.</param>
/// <param name="Type">Its language.</param>
/// <param name="Text">Its text.</param>
/// <param name="References">
/// The schemas that it names, each before those that refer to it; each once. Empty for most.
/// </param>
internal sealed record RegistrySchema(
    int Id, RegistrySchemaType Type, string Text, IReadOnlyList<RegistryReference> References);

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
