using ContextGrid.Adapters.SchemaRegistry.Avro;
using ContextGrid.Adapters.SchemaRegistry.Protobuf;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Model;

namespace ContextGrid.Adapters.SchemaRegistry;

/// <summary>The newest schema of a subject, as the fields that a definition could declare.</summary>
public sealed class SubjectSchema
{
    private SubjectSchema(EventFormat format, IReadOnlyList<SubjectField> fields) =>
        (Format, Fields) = (format, fields);

    /// <summary>The format that a definition would give.</summary>
    public EventFormat Format { get; }

    /// <summary>Single values and lists, in the order of the schema; members of records have dotted names.</summary>
    public IReadOnlyList<SubjectField> Fields { get; }

    /// <summary>Reads a schema.</summary>
    /// <exception cref="FormatException">Its text can't be read; the message says why.</exception>
    internal static SubjectSchema Of(RegistrySchema schema)
    {
        var fields = new List<SubjectField>();
        try
        {
            switch (schema.Type)
            {
                case RegistrySchemaType.Avro:
                    AvroFields.Add(AvroSchemaParser.Parse(schema), "", 0, fields);
                    return new SubjectSchema(EventFormat.Avro, fields);
                case RegistrySchemaType.Protobuf:
                    ProtobufFields.Add(schema, fields);
                    return new SubjectSchema(EventFormat.Protobuf, fields);
                default:
                    JsonSchemaFields.Add(schema.Text, fields);
                    return new SubjectSchema(EventFormat.Json, fields);
            }
        }
        catch (SchemaTextException e)
        {
            throw new FormatException(Sentence.End($"The schema can't be read: {e.Message}"), e);
        }
    }
}

/// <summary>A field that a definition could declare.</summary>
/// <param name="Name">Its name, dotted for a member of a record.</param>
/// <param name="Type">The type that loses least.</param>
public readonly record struct SubjectField(string Name, ValueKind Type);
