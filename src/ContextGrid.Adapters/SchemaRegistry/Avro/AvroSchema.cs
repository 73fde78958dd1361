namespace ContextGrid.Adapters.SchemaRegistry.Avro;

/// <summary>
/// A node of a writer's schema (Apache Avro 1.12 specification). Named types occur once and are shared, so a recursive
/// schema is a graph with cycles. Immutable once parsed.
/// </summary>
internal sealed class AvroSchema(AvroKind kind)
{
    /// <summary>The type.</summary>
    internal AvroKind Kind { get; } = kind;

    /// <summary>What the type stands for; unknown and misplaced logical types are <see cref="AvroLogical.None"/>.
    /// </summary>
    internal AvroLogical Logical { get; init; }

    /// <summary>The full name of a record, enum or fixed; else empty.</summary>
    internal string Name { get; init; } = "";

    /// <summary>The fields of a record, in the order in which they are written.</summary>
    internal IReadOnlyList<AvroField> Fields { get; set; } = [];

    /// <summary>The branches of a union, or the one schema of an array's items or a map's values.</summary>
    internal IReadOnlyList<AvroSchema> Inner { get; set; } = [];

    /// <summary>The symbols of an enum.</summary>
    internal IReadOnlyList<string> Symbols { get; init; } = [];

    /// <summary>The bytes of a fixed.</summary>
    internal int Size { get; init; }

    /// <summary>Digits after the point of a decimal.</summary>
    internal int Scale { get; init; }

    /// <summary>The type in words.</summary>
    internal string Describe() => Kind switch
    {
        AvroKind.Union => "union of " + string.Join(", ", Inner.Select(b => b.Describe())),
        AvroKind.Array => "array of " + (Inner[0].Kind is AvroKind.Array or AvroKind.Map or AvroKind.Union
            ? Inner[0].Kind.ToString().ToLowerInvariant()
            : Inner[0].Describe()),
        AvroKind.Record or AvroKind.Enum or AvroKind.Fixed => $"{Kind.ToString().ToLowerInvariant()} {Name}",
        _ => Kind.ToString().ToLowerInvariant() + (Logical == AvroLogical.None ? "" : $" ({Logical})"),
    };
}

/// <summary>A field of a record.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Aliases">Other names, usually earlier ones.</param>
/// <param name="Schema">Its type.</param>
internal sealed record AvroField(string Name, IReadOnlyList<string> Aliases, AvroSchema Schema);

/// <summary>Avro's types.</summary>
internal enum AvroKind
{
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    String,
    Record,
    Enum,
    Array,
    Map,
    Union,
    Fixed,
}

/// <summary>Avro's logical types.</summary>
internal enum AvroLogical
{
    None,
    Decimal,
    Uuid,
    Date,
    TimeMillis,
    TimeMicros,
    TimestampMillis,
    TimestampMicros,
    TimestampNanos,
    Duration,
}
