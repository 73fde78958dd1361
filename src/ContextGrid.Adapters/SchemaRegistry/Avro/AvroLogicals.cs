using System.Text.Json;

namespace ContextGrid.Adapters.SchemaRegistry.Avro;

/// <summary>
/// Reads logical types. As the specification asks, one that is not known or does not fit its type is ignored.
/// </summary>
internal static class AvroLogicals
{
    private const int UuidBytes = 16;
    private const int DurationBytes = 12;
    private const int DigitsMax = 400;

    /// <summary>The logical type of a schema's object.</summary>
    /// <param name="node">The object.</param>
    /// <param name="kind">Its type.</param>
    /// <param name="size">The bytes of a fixed.</param>
    internal static AvroLogical Of(JsonElement node, AvroKind kind, int size)
    {
        string? name = node.TryGetProperty("logicalType", out JsonElement logical)
            && logical.ValueKind == JsonValueKind.String ? logical.GetString() : null;
        return (name, kind) switch
        {
            ("decimal", AvroKind.Bytes or AvroKind.Fixed) when IsDecimal(node) => AvroLogical.Decimal,
            ("uuid", AvroKind.String) => AvroLogical.Uuid,
            ("uuid", AvroKind.Fixed) when size == UuidBytes => AvroLogical.Uuid,
            ("date", AvroKind.Int) => AvroLogical.Date,
            ("time-millis", AvroKind.Int) => AvroLogical.TimeMillis,
            ("time-micros", AvroKind.Long) => AvroLogical.TimeMicros,
            ("timestamp-millis" or "local-timestamp-millis", AvroKind.Long) => AvroLogical.TimestampMillis,
            ("timestamp-micros" or "local-timestamp-micros", AvroKind.Long) => AvroLogical.TimestampMicros,
            ("timestamp-nanos" or "local-timestamp-nanos", AvroKind.Long) => AvroLogical.TimestampNanos,
            ("duration", AvroKind.Fixed) when size == DurationBytes => AvroLogical.Duration,
            _ => AvroLogical.None,
        };
    }

    /// <summary>The scale of a decimal; 0 by default.</summary>
    internal static int ScaleOf(JsonElement node) => Number(node, "scale", 0);

    private static bool IsDecimal(JsonElement node)
    {
        int precision = Number(node, "precision", 0);
        int scale = Number(node, "scale", 0);
        return precision is > 0 and <= DigitsMax && scale >= 0 && scale <= precision;
    }

    private static int Number(JsonElement node, string name, int byDefault)
    {
        if (!node.TryGetProperty(name, out JsonElement value))
        {
            return byDefault;
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number) ? number : -1;
    }
}
