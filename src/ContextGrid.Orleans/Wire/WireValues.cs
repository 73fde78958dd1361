using ContextGrid.Core.Model;
using ContextGrid.Core.Snapshots;

namespace ContextGrid.Orleans.Wire;

/// <summary>
/// Values between silos: a byte for the kind, then zigzag (bool, int64, timestamp), 8 bytes (double), text, or a count
/// and the items (list, and map as key, value, key, value …).
/// </summary>
internal static class WireValues
{
    private const int ItemsMax = 1 << 20;
    private const int DepthMax = 8;

    /// <summary>Writes a value.</summary>
    internal static void Write(SnapshotWriter writer, in Value value)
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
            case ValueKind.List or ValueKind.Map:
                writer.Varint((ulong)value.Items.Length);
                foreach (ref readonly Value item in value.Items)
                {
                    Write(writer, item);
                }

                break;
        }
    }

    /// <summary>Reads a value; texts and lists get memory of their own.</summary>
    /// <exception cref="SnapshotFormatException">It is not what was written.</exception>
    internal static Value Read(ref SnapshotReader reader, int depth = 0)
    {
        var kind = (ValueKind)reader.Byte();
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
            case ValueKind.List or ValueKind.Map when depth < DepthMax:
                var items = new Value[reader.Count(Math.Min(ItemsMax, reader.Remaining))];
                for (int i = 0; i < items.Length; i++)
                {
                    items[i] = Read(ref reader, depth + 1);
                }

                return kind == ValueKind.List
                    ? Value.List(items, 0, items.Length)
                    : Value.Map(items, 0, items.Length);
            default: throw new SnapshotFormatException($"A value has the unknown kind {(byte)kind}.");
        }
    }
}
