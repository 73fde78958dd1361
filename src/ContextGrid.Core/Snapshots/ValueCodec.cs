using ContextGrid.Core.Model;

namespace ContextGrid.Core.Snapshots;

/// <summary>
/// Writes a scalar value: a byte for its kind, then zigzag (bool, int64, timestamp), 8 bytes (double) or text.
/// </summary>
public static class ValueCodec
{
    /// <summary>Writes a value; of a list or a map the kind alone.</summary>
    public static void Write(SnapshotWriter writer, in Value value)
    {
        writer.Byte((byte)value.Kind);
        switch (value.Kind)
        {
            case ValueKind.Bool or ValueKind.Int64 or ValueKind.Timestamp:
                writer.Zigzag(value.Int64);
                break;
            case ValueKind.Double:
                writer.Double(value.Double);
                break;
            case ValueKind.String:
                writer.Bytes(value.Utf8);
                break;
        }
    }

    /// <summary>Reads a value; a text gets bytes of its own.</summary>
    /// <exception cref="SnapshotFormatException">It is no scalar value.</exception>
    public static Value Read(ref SnapshotReader reader) => Read(ref reader, (ValueKind)reader.Byte());

    /// <summary>Reads what comes after a value's kind.</summary>
    /// <exception cref="SnapshotFormatException">The kind is none of a scalar value.</exception>
    public static Value Read(ref SnapshotReader reader, ValueKind kind)
    {
        switch (kind)
        {
            case ValueKind.Null: return Value.Null;
            case ValueKind.Bool: return Value.Of(reader.Zigzag() != 0);
            case ValueKind.Int64: return Value.Of(reader.Zigzag());
            case ValueKind.Timestamp: return Value.Timestamp(reader.Zigzag());
            case ValueKind.Double: return Value.Of(reader.Double());
            case ValueKind.String:
                byte[] text = reader.Bytes().ToArray();
                return Value.Text(text, 0, text.Length);
            default: throw new SnapshotFormatException($"A value has the unknown kind {(byte)kind}.");
        }
    }
}
