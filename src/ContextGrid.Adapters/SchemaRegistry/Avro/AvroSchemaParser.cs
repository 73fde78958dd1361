using System.Text.Json;

namespace ContextGrid.Adapters.SchemaRegistry.Avro;

/// <summary>Reads Avro schemas from JSON. One instance reads a schema after those that it refers to.</summary>
internal sealed class AvroSchemaParser
{
    private const int DepthMax = 256;
    private const int FixedBytesMax = 1024 * 1024;
    private const char ByteOrderMark = '\uFEFF';

    // Avro's own parser takes comments too.
    private static readonly JsonDocumentOptions Json =
        new() { MaxDepth = DepthMax, CommentHandling = JsonCommentHandling.Skip };

    private readonly Dictionary<string, AvroSchema> _named = new(StringComparer.Ordinal);

    /// <summary>Reads a schema with what it refers to.</summary>
    /// <exception cref="SchemaTextException">It is no Avro schema.</exception>
    internal static AvroSchema Parse(RegistrySchema schema)
    {
        var parser = new AvroSchemaParser();
        // One schema may be referred to by several names.
        foreach (string text in schema.References.Select(r => r.Text).Distinct(StringComparer.Ordinal))
        {
            parser.Parse(text);
        }

        return parser.Parse(schema.Text);
    }

    /// <summary>Reads a schema; its named types are then known to those read later.</summary>
    /// <exception cref="SchemaTextException">It is no Avro schema.</exception>
    internal AvroSchema Parse(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text.TrimStart(ByteOrderMark), Json);
            return Read(document.RootElement, "");
        }
        catch (JsonException e)
        {
            throw new SchemaTextException($"it is not JSON: {e.Message}");
        }
        catch (InvalidOperationException)
        {
            throw new SchemaTextException("a part of it has the wrong JSON type");
        }
    }

    private AvroSchema Read(JsonElement node, string space) => node.ValueKind switch
    {
        JsonValueKind.String => ByName(node.GetString() ?? "", space),
        JsonValueKind.Array => Union(node, space),
        JsonValueKind.Object => ReadObject(node, space),
        _ => throw new SchemaTextException("a schema is a name, an object or an array"),
    };

    private AvroSchema ReadObject(JsonElement node, string space)
    {
        if (!node.TryGetProperty("type", out JsonElement type))
        {
            throw new SchemaTextException("a schema has no type");
        }

        if (type.ValueKind != JsonValueKind.String)
        {
            return Read(type, space);
        }

        switch (type.GetString())
        {
            case "record" or "error": return Record(node, space);
            case "enum": return Enum(node, space);
            case "fixed": return Fixed(node, space);
            case "array": return Container(AvroKind.Array, node, "items", space);
            case "map": return Container(AvroKind.Map, node, "values", space);
            default:
                AvroSchema named = ByName(type.GetString() ?? "", space);
                return named.Kind is AvroKind.Record or AvroKind.Enum or AvroKind.Fixed
                    ? named
                    : new AvroSchema(named.Kind)
                    {
                        Logical = AvroLogicals.Of(node, named.Kind, 0),
                        Scale = AvroLogicals.ScaleOf(node),
                    };
        }
    }

    private AvroSchema ByName(string name, string space)
    {
        AvroKind? primitive = name switch
        {
            "null" => AvroKind.Null,
            "boolean" => AvroKind.Boolean,
            "int" => AvroKind.Int,
            "long" => AvroKind.Long,
            "float" => AvroKind.Float,
            "double" => AvroKind.Double,
            "bytes" => AvroKind.Bytes,
            "string" => AvroKind.String,
            _ => null,
        };
        if (primitive is { } kind)
        {
            return new AvroSchema(kind);
        }

        bool found = _named.TryGetValue(AvroNode.FullName(name, space), out AvroSchema? schema)
            || _named.TryGetValue(name, out schema);
        return found && schema is not null ? schema : throw new SchemaTextException($"the type '{name}' is not known");
    }

    private AvroSchema Union(JsonElement node, string space)
    {
        List<AvroSchema> branches = [.. node.EnumerateArray().Select(b => Read(b, space))];
        if (branches.Exists(b => b.Kind == AvroKind.Union))
        {
            throw new SchemaTextException("a union stands in a union");
        }

        return new AvroSchema(AvroKind.Union) { Inner = branches };
    }

    private AvroSchema Container(AvroKind kind, JsonElement node, string member, string space) =>
        new(kind) { Inner = [Read(AvroNode.Member(node, member), space)] };

    private AvroSchema Record(JsonElement node, string space)
    {
        string name = AvroNode.NameOf(node, space, out string inner);
        var record = new AvroSchema(AvroKind.Record) { Name = name };
        Add(node, record, inner);
        var fields = new List<AvroField>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (JsonElement field in AvroNode.Member(node, "fields").EnumerateArray())
        {
            string fieldName = AvroNode.Member(field, "name").GetString() ?? "";
            if (!seen.Add(fieldName))
            {
                throw new SchemaTextException($"the record {name} has the field '{fieldName}' twice");
            }

            AvroSchema type = Read(AvroNode.Member(field, "type"), inner);
            fields.Add(new AvroField(fieldName, AvroNode.Texts(field, "aliases"), type));
        }

        record.Fields = fields;
        return record;
    }

    private AvroSchema Enum(JsonElement node, string space)
    {
        string name = AvroNode.NameOf(node, space, out string inner);
        AvroNode.Member(node, "symbols");
        var symbols = new AvroSchema(AvroKind.Enum) { Name = name, Symbols = AvroNode.Texts(node, "symbols") };
        Add(node, symbols, inner);
        return symbols;
    }

    private AvroSchema Fixed(JsonElement node, string space)
    {
        string name = AvroNode.NameOf(node, space, out string inner);
        if (!AvroNode.Member(node, "size").TryGetInt32(out int size) || size is < 0 or > FixedBytesMax)
        {
            throw new SchemaTextException($"the size of {name} is not one from 0 to {FixedBytesMax}");
        }

        var fixedSchema = new AvroSchema(AvroKind.Fixed)
        {
            Name = name,
            Size = size,
            Logical = AvroLogicals.Of(node, AvroKind.Fixed, size),
            Scale = AvroLogicals.ScaleOf(node),
        };
        Add(node, fixedSchema, inner);
        return fixedSchema;
    }

    private void Add(JsonElement node, AvroSchema schema, string space)
    {
        if (!_named.TryAdd(schema.Name, schema))
        {
            throw new SchemaTextException($"the type {schema.Name} is defined twice");
        }

        foreach (string alias in AvroNode.Texts(node, "aliases"))
        {
            _named.TryAdd(AvroNode.FullName(alias, space), schema);
        }
    }
}
