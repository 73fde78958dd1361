using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using ContextGrid.Core.Model;

namespace ContextGrid.Adapters.SchemaRegistry.Outputs;

/// <summary>Writes the binary encoding of Avro 1.12, with the unions of <see cref="AvroOutputSchema"/>.</summary>
/// <param name="to">Takes the bytes.</param>
internal readonly ref struct AvroBytes(IBufferWriter<byte> to)
{
    private const int LongBytesMax = 10;

    /// <summary>The frame before a value: a zero and the schema's id.</summary>
    internal void Frame(int id)
    {
        Span<byte> bytes = to.GetSpan(5);
        bytes[0] = 0;
        BinaryPrimitives.WriteInt32BigEndian(bytes[1..], id);
        to.Advance(5);
    }

    /// <summary>An int or long.</summary>
    internal void Long(long value)
    {
        Span<byte> bytes = to.GetSpan(LongBytesMax);
        ulong left = (ulong)((value << 1) ^ (value >> 63));
        int length = 0;
        for (; left > 0x7F; left >>= 7)
        {
            bytes[length++] = (byte)(left | 0x80);
        }

        bytes[length++] = (byte)left;
        to.Advance(length);
    }

    /// <summary>A boolean.</summary>
    internal void Bool(bool value)
    {
        to.GetSpan(1)[0] = value ? (byte)1 : (byte)0;
        to.Advance(1);
    }

    /// <summary>A string.</summary>
    internal void Text(ReadOnlySpan<byte> utf8)
    {
        Long(utf8.Length);
        to.Write(utf8);
    }

    /// <summary>The head of an array's or a map's only block.</summary>
    internal void Begin(int count)
    {
        if (count > 0)
        {
            Long(count);
        }
    }

    /// <summary>The end of an array or a map.</summary>
    internal void End(int count) => Long(0);

    /// <summary>A feature's value, in the union of null and its type.</summary>
    internal void Nullable(ValueKind kind, in Value value)
    {
        // A value of another kind than the feature's has no branch.
        bool isNull = value.IsNull || (value.Kind != kind && kind is not (ValueKind.Double or ValueKind.String));
        Long(isNull ? 0 : 1);
        if (isNull)
        {
            return;
        }

        if (kind == ValueKind.Double)
        {
            Double(value.ToDouble());
        }
        else if (kind == ValueKind.String && value.Kind != ValueKind.String)
        {
            Text(Encoding.UTF8.GetBytes(value.ToString()));
        }
        else
        {
            Plain(value, depth: 0);
        }
    }

    private void Double(double value)
    {
        BinaryPrimitives.WriteDoubleLittleEndian(to.GetSpan(8), value);
        to.Advance(8);
    }

    private void Plain(in Value value, int depth)
    {
        switch (value.Kind)
        {
            case ValueKind.Bool:
                Bool(value.Bool);
                break;
            case ValueKind.Double:
                Double(value.Double);
                break;
            case ValueKind.String:
                Text(value.Utf8);
                break;
            case ValueKind.List:
                List(value.Items, depth);
                break;
            case ValueKind.Map:
                Map(value.Items, depth);
                break;
            default:
                Long(value.Int64);
                break;
        }
    }

    private void List(ReadOnlySpan<Value> items, int depth)
    {
        Begin(items.Length);
        foreach (ref readonly Value item in items)
        {
            Item(item, depth + 1);
        }

        End(items.Length);
    }

    private void Map(ReadOnlySpan<Value> items, int depth)
    {
        Begin(items.Length / 2);
        for (int i = 0; i < items.Length; i += 2)
        {
            Text(items[i].Kind == ValueKind.String ? items[i].Utf8 : Encoding.UTF8.GetBytes(items[i].ToString()));
            Item(items[i + 1], depth + 1);
        }

        End(items.Length / 2);
    }

    private void Item(in Value item, int depth)
    {
        bool isNested = item.Kind is ValueKind.List or ValueKind.Map;
        if (isNested && depth >= AvroOutputSchema.DepthMax)
        {
            Long(4);
            Text(Encoding.UTF8.GetBytes(item.ToString()));
            return;
        }

        Long(item.Kind switch
        {
            ValueKind.Null => 0,
            ValueKind.Bool => 1,
            ValueKind.Double => 3,
            ValueKind.String => 4,
            ValueKind.List => 5,
            ValueKind.Map => 6,
            _ => 2,
        });
        if (!item.IsNull)
        {
            Plain(item, depth);
        }
    }
}
