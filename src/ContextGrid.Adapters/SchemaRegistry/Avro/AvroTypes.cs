using ContextGrid.Core.Model;

namespace ContextGrid.Adapters.SchemaRegistry.Avro;

/// <summary>
/// Which of Avro's types a field can be read from: the promotions of the specification's schema resolution, and what
/// logical types stand for. The table is in docs/DEFINITIONS.md.
/// </summary>
internal static class AvroTypes
{
    /// <summary>How a value of a type becomes a field; <see cref="AvroRead.Refuse"/>: it does not.</summary>
    internal static AvroRead Of(AvroSchema schema, ValueKind wanted) => wanted switch
    {
        ValueKind.Bool => schema.Kind == AvroKind.Boolean ? AvroRead.Bool : AvroRead.Refuse,
        ValueKind.Int64 => schema.Kind is AvroKind.Int or AvroKind.Long ? AvroRead.Int64 : AvroRead.Refuse,
        ValueKind.Double => IsNumber(schema) ? AvroRead.Double : AvroRead.Refuse,
        ValueKind.String => IsText(schema) ? AvroRead.Text : AvroRead.Refuse,
        ValueKind.Timestamp => IsTime(schema) ? AvroRead.Time : AvroRead.Refuse,
        ValueKind.List => schema.Kind == AvroKind.Array || schema.Logical == AvroLogical.Duration
            ? AvroRead.List
            : AvroRead.Refuse,
        _ => AvroRead.Refuse,
    };

    /// <summary>How an item of a list is read: by its own type.</summary>
    internal static AvroRead OfItem(AvroSchema schema) => (schema.Kind, schema.Logical) switch
    {
        (AvroKind.Boolean, _) => AvroRead.Bool,
        (_, AvroLogical.Decimal) => AvroRead.Double,
        (AvroKind.Int, AvroLogical.Date) => AvroRead.Time,
        (_, AvroLogical.TimestampMillis or AvroLogical.TimestampMicros or AvroLogical.TimestampNanos) => AvroRead.Time,
        (AvroKind.Int or AvroKind.Long, _) => AvroRead.Int64,
        (AvroKind.Float or AvroKind.Double, _) => AvroRead.Double,
        _ => IsText(schema) ? AvroRead.Text : AvroRead.Refuse,
    };

    /// <summary>The type of a field in words.</summary>
    internal static string Meant(ValueKind wanted) => wanted switch
    {
        ValueKind.Bool => "a boolean",
        ValueKind.Int64 => "an int or long",
        ValueKind.Double => "a number",
        ValueKind.String => "a string, enum or uuid",
        ValueKind.Timestamp => "a timestamp, a date, a long of milliseconds or an RFC 3339 string",
        ValueKind.List => "an array of single values",
        _ => "a record",
    };

    private static bool IsNumber(AvroSchema schema) =>
        schema.Kind is AvroKind.Int or AvroKind.Long or AvroKind.Float or AvroKind.Double
        || schema.Logical == AvroLogical.Decimal;

    private static bool IsText(AvroSchema schema) =>
        schema.Kind is AvroKind.String or AvroKind.Enum
        || (schema.Kind == AvroKind.Bytes && schema.Logical == AvroLogical.None)
        || schema.Logical == AvroLogical.Uuid;

    private static bool IsTime(AvroSchema schema) => (schema.Kind, schema.Logical) switch
    {
        (AvroKind.String, AvroLogical.None) => true,
        (AvroKind.Int, AvroLogical.Date) => true,
        (AvroKind.Long, AvroLogical.None) => true,
        (_, AvroLogical.TimestampMillis or AvroLogical.TimestampMicros or AvroLogical.TimestampNanos) => true,
        _ => false,
    };
}
