using ContextGrid.Core.Model;

namespace ContextGrid.Adapters.SchemaRegistry.Avro;

/// <summary>Lists what a definition could declare of an Avro schema.</summary>
internal static class AvroFields
{
    // Deeper members are hardly ever features, and recursive schemas have no end.
    private const int DepthMax = 3;

    /// <summary>Adds the fields of a record, or of all records of a union; nothing for another type.</summary>
    internal static void Add(AvroSchema schema, string prefix, int depth, List<SubjectField> into)
    {
        IEnumerable<AvroSchema> branches = schema.Kind == AvroKind.Union ? schema.Inner : [];
        foreach (AvroSchema branch in branches.Where(b => b.Kind == AvroKind.Record))
        {
            Add(branch, prefix, depth, into);
        }

        foreach (AvroField field in schema.Fields)
        {
            AvroSchema type = NotNull(field.Schema);
            string name = prefix + field.Name;
            if (type.Kind == AvroKind.Record && depth < DepthMax)
            {
                Add(type, name + ".", depth + 1, into);
            }
            else if (Of(type) is var kind && kind != ValueKind.Null)
            {
                if (!into.Exists(f => f.Name == name))
                {
                    into.Add(new SubjectField(name, kind));
                }
            }
        }
    }

    private static ValueKind Of(AvroSchema schema) => schema.Kind == AvroKind.Array
        ? AvroTypes.OfItem(NotNull(schema.Inner[0])) == AvroRead.Refuse ? ValueKind.Null : ValueKind.List
        : AvroTypes.OfItem(schema) switch
        {
            AvroRead.Bool => ValueKind.Bool,
            AvroRead.Int64 => ValueKind.Int64,
            AvroRead.Double => ValueKind.Double,
            AvroRead.Time => ValueKind.Timestamp,
            AvroRead.Text => ValueKind.String,
            _ => ValueKind.Null,
        };

    private static AvroSchema NotNull(AvroSchema schema)
    {
        AvroSchema[] branches = [.. schema.Inner.Where(b => b.Kind != AvroKind.Null)];
        return schema.Kind == AvroKind.Union && branches.Length == 1 ? branches[0] : schema;
    }
}
