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
        var scope = new ProtoScope();
        foreach (RegistryReference reference in schema.References)
        {
            scope.Add(ProtoParser.Parse(reference.Text));
        }

        ProtoFile file = ProtoParser.Parse(schema.Text);
        scope.Add(file);
        if (file.Messages.Count > 0)
        {
            Add(scope, file.Messages[0], "", 0, into);
        }
    }

    private static void Add(
        ProtoScope scope, ProtoMessage message, string prefix, int depth, List<SubjectField> into)
    {
        foreach (ProtoField field in message.Fields.Where(f => f.Label != ProtoLabel.Map))
        {
            bool isRepeated = field.Label is ProtoLabel.Repeated or ProtoLabel.RepeatedGroup;
            ProtoType known = ProtoTypes.OfWellKnown(field.Type, out ProtoType wrapped);
            ProtoType type = known == ProtoType.None ? ProtoTypes.Scalar(field.Type)
                : known == ProtoType.Wrapper ? wrapped : known;
            if (type == ProtoType.None && scope.TryEnum(field.Type, message.Name, out _))
            {
                type = ProtoType.Enum;
            }

            ValueKind kind = ProtoTypes.OfItem(type);
            if (kind != ValueKind.Null)
            {
                into.Add(new SubjectField(prefix + field.Name, isRepeated ? ValueKind.List : kind));
            }
            else if (!isRepeated && depth < DepthMax
                && scope.TryMessage(field.Type, message.Name, out ProtoMessage? inner))
            {
                Add(scope, inner, $"{prefix}{field.Name}.", depth + 1, into);
            }
        }
    }
}
