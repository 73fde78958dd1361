using ContextGrid.Core.Model;

namespace ContextGrid.Adapters.SchemaRegistry.Protobuf;

/// <summary>Lists what a definition could declare of a .proto file: of its first message.</summary>
internal static class ProtobufFields
{
    private const int DepthMax = 3;

    /// <summary>Adds the fields of the file's first message.</summary>
    /// <exception cref="SchemaTextException">It is no .proto file.</exception>
    internal static void Add(RegistrySchema schema, List<SubjectField> into)
    {
        ProtoSchema read = ProtoSchema.Read(schema);
        if (read.File.Messages.Count > 0)
        {
            Add(read, read.File.Messages[0], "", 0, into);
        }
    }

    private static void Add(
        ProtoSchema schema, ProtoMessage message, string prefix, int depth, List<SubjectField> into)
    {
        foreach (ProtoField field in message.Fields.Where(f => !f.IsMap))
        {
            object? found = field.Scalar == ProtoType.None ? field.Own ?? schema.Find(message, field.TypeName) : null;
            var inner = found as ProtoMessage;
            ProtoType wrapped = ProtoType.None;
            ProtoType type = found is ProtoEnum ? ProtoType.Enum
                : inner is not null ? ProtoTypes.OfMessage(inner.Name, out wrapped)
                : field.Scalar;
            ValueKind kind = ProtoTypes.OfItem(type == ProtoType.Wrapper ? wrapped : type);
            if (kind != ValueKind.Null)
            {
                into.Add(new SubjectField(prefix + field.Name, field.IsRepeated ? ValueKind.List : kind));
            }
            else if (!field.IsRepeated && depth < DepthMax && inner is not null)
            {
                Add(schema, inner, $"{prefix}{field.Name}.", depth + 1, into);
            }
        }
    }
}
