using System.Text;
using ContextGrid.Core.Model;

namespace ContextGrid.Adapters.SchemaRegistry.Avro;

/// <summary>
/// Compiles a writer's schema against the view of an event's used fields. A field is bound to the record's field of its
/// name, else to one that has the name as an alias; a field that the writer does not have stays null.
/// </summary>
internal sealed class AvroCompiler
{
    private readonly Dictionary<AvroSchema, AvroStep> _skips = [];
    private int _wrongSlot = -1;
    private string? _wrong;

    private AvroCompiler()
    {
    }

    /// <summary>Compiles a schema.</summary>
    /// <exception cref="SchemaTextException">Its text is no Avro schema.</exception>
    internal static SchemaVerdict Compile(RegistrySchema schema, FieldPath view)
    {
        AvroSchema root = AvroSchemaParser.Parse(schema);
        AvroStep step = root.Kind == AvroKind.Union ? RootUnion(root, view) : Root(root, view);
        AvroStep[] records = root.Kind == AvroKind.Union ? step.Inner : [step];
        return records.Any(r => r.Read != AvroRead.Refuse)
            ? SchemaVerdict.Good(new AvroProgram(step))
            : SchemaVerdict.Mismatch(
                records.Length == 1 ? records[0].Slot : -1,
                records.Length == 0
                    ? "the writer's schema is an empty union"
                    : string.Join("; ", records.Select(r => r.Refusal)));
    }

    // A topic of several record types: each record says which branch it is, and one that can't be read refuses only its
    // own records.
    private static AvroStep RootUnion(AvroSchema schema, FieldPath view) =>
        new(schema) { Read = AvroRead.Inside, Inner = [.. schema.Inner.Select(branch => Root(branch, view))] };

    private static AvroStep Root(AvroSchema schema, FieldPath view)
    {
        if (schema.Kind != AvroKind.Record)
        {
            string refusal = $"the writer's schema is {schema.Describe()}; a record was meant";
            return new AvroStep(schema) { Read = AvroRead.Refuse, Refusal = refusal };
        }

        var compiler = new AvroCompiler();
        AvroStep step = compiler.Record(schema, view);
        return compiler._wrong is null
            ? step
            : new AvroStep(schema) { Read = AvroRead.Refuse, Slot = compiler._wrongSlot, Refusal = compiler._wrong };
    }

    private AvroStep Record(AvroSchema schema, FieldPath view)
    {
        FieldPath?[] bound = Bind(schema, view);
        AvroStep[] inner = [.. schema.Fields.Select((f, i) => bound[i] is { } member
            ? Value(f.Schema, member)
            : Skip(f.Schema))];
        return new AvroStep(schema) { Read = AvroRead.Inside, Inner = inner };
    }

    private static FieldPath?[] Bind(AvroSchema schema, FieldPath view)
    {
        var bound = new FieldPath?[schema.Fields.Count];
        var left = new HashSet<string>(view.Members.Keys, StringComparer.Ordinal);
        for (int i = 0; i < bound.Length; i++)
        {
            if (view.TryGet(schema.Fields[i].Name, out bound[i]))
            {
                left.Remove(schema.Fields[i].Name);
            }
        }

        for (int i = 0; i < bound.Length; i++)
        {
            string? alias = bound[i] is null ? schema.Fields[i].Aliases.FirstOrDefault(left.Remove) : null;
            bound[i] = alias is null ? bound[i] : view.Members[alias];
        }

        return bound;
    }

    private AvroStep Value(AvroSchema schema, FieldPath member)
    {
        if (schema.Kind == AvroKind.Union)
        {
            return Union(schema, member);
        }

        AvroStep step = Branch(schema, member);
        if (step.Read == AvroRead.Refuse)
        {
            Wrong(member, step.Refusal);
        }

        return step;
    }

    // The branch is known only when a value comes: one that can't be read refuses that event, and the schema is refused
    // when no branch can be read.
    private AvroStep Union(AvroSchema schema, FieldPath member)
    {
        AvroStep[] branches = [.. schema.Inner.Select(b => Branch(b, member))];
        bool hasValue = schema.Inner.Any(b => b.Kind != AvroKind.Null);
        if (hasValue && !branches.Any(b => b.Read is not (AvroRead.Refuse or AvroRead.Skip)))
        {
            Wrong(member, Refusal(schema, member));
        }

        return new AvroStep(schema) { Read = AvroRead.Inside, Inner = branches };
    }

    private AvroStep Branch(AvroSchema schema, FieldPath member) => schema.Kind == AvroKind.Null
        ? Skip(schema)
        : member.Slot >= 0 ? Leaf(schema, member) : Members(schema, member);

    private AvroStep Members(AvroSchema schema, FieldPath member) => schema.Kind == AvroKind.Record
        ? Record(schema, member)
        : Refused(schema, member);

    private AvroStep Leaf(AvroSchema schema, FieldPath member)
    {
        AvroRead read = AvroTypes.Of(schema, member.Type);
        if (read == AvroRead.Refuse)
        {
            return Refused(schema, member);
        }

        AvroStep[] items = schema.Kind == AvroKind.Array ? [Item(schema.Inner[0], member)] : [];
        return items.Length > 0 && items[0].Read == AvroRead.Refuse
            ? Refused(schema, member)
            : new AvroStep(schema) { Read = read, Slot = member.Slot, Symbols = Utf8(schema), Inner = items };
    }

    private AvroStep Item(AvroSchema schema, FieldPath member)
    {
        if (schema.Kind == AvroKind.Union)
        {
            AvroStep[] branches = [.. schema.Inner.Select(b => Item(b, member))];
            bool any = branches.Any(b => b.Read != AvroRead.Refuse);
            return any
                ? new AvroStep(schema) { Read = AvroRead.Inside, Slot = member.Slot, Inner = branches }
                : Refused(schema, member);
        }

        AvroRead read = schema.Kind == AvroKind.Null ? AvroRead.Skip : AvroTypes.OfItem(schema);
        return read == AvroRead.Refuse
            ? Refused(schema, member)
            : new AvroStep(schema)
            {
                Read = read, Slot = member.Slot, Symbols = Utf8(schema), FixedBytes = Bytes(schema),
            };
    }

    private AvroStep Refused(AvroSchema schema, FieldPath member)
    {
        AvroStep skip = Skip(schema);
        return new AvroStep(schema)
        {
            Read = AvroRead.Refuse,
            Slot = member.Slots().First(),
            Refusal = Refusal(schema, member),
            Inner = skip.Inner,
            Symbols = skip.Symbols,
            FixedBytes = skip.FixedBytes,
        };
    }

    private AvroStep Skip(AvroSchema schema)
    {
        if (_skips.TryGetValue(schema, out AvroStep? known))
        {
            return known;
        }

        // Known before its parts are compiled, since it may be a part of itself; its size then stays unknown.
        var step = new AvroStep(schema) { FixedBytes = Bytes(schema), Symbols = Utf8(schema) };
        _skips[schema] = step;
        step.Inner = schema.Kind switch
        {
            AvroKind.Record => [.. schema.Fields.Select(f => Skip(f.Schema))],
            AvroKind.Array or AvroKind.Map or AvroKind.Union => [.. schema.Inner.Select(Skip)],
            _ => [],
        };
        if (schema.Kind == AvroKind.Record && step.Inner.All(s => s.FixedBytes >= 0))
        {
            long sum = step.Inner.Sum(s => (long)s.FixedBytes);
            step.FixedBytes = sum <= int.MaxValue ? (int)sum : -1;
        }

        return step;
    }

    private void Wrong(FieldPath member, string refusal)
    {
        (_wrongSlot, _wrong) = _wrong is null ? (member.Slots().First(), refusal) : (_wrongSlot, _wrong);
    }

    private static string Refusal(AvroSchema schema, FieldPath member) =>
        $"the writer's field '{member.Name}' is {schema.Describe()}; "
        + $"{AvroTypes.Meant(member.Slot >= 0 ? member.Type : ValueKind.Null)} was meant";

    private static int Bytes(AvroSchema schema) => schema.Kind switch
    {
        AvroKind.Null => 0,
        AvroKind.Boolean => 1,
        AvroKind.Float => sizeof(float),
        AvroKind.Double => sizeof(double),
        AvroKind.Fixed => schema.Size,
        _ => -1,
    };

    private static byte[][] Utf8(AvroSchema schema) => [.. schema.Symbols.Select(Encoding.UTF8.GetBytes)];
}
