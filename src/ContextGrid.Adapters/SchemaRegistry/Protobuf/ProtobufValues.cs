using System.Buffers.Text;
using System.Globalization;
using ContextGrid.Core.Model;
using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Adapters.SchemaRegistry.Protobuf;

/// <summary>Reads single values of used fields.</summary>
internal static class ProtobufValues
{
    private const int DigitsMax = 11;

    /// <summary>Reads a value and sets its field, or adds it to the field's list.</summary>
    /// <returns>False: the payload is broken. A value that is wrong in itself is reported to the sink.</returns>
    internal static bool Read(ref ProtoCursor cursor, ProtoUse use, int wire, FieldSink sink)
    {
        int start = cursor.At;
        Value value;
        if (wire != ProtoCursor.WireBytes)
        {
            if (!cursor.ReadBits(wire, out ulong bits))
            {
                return false;
            }

            value = OfBits(use, use.Type, bits, start, sink);
        }
        else
        {
            if (!cursor.ReadLength(out int length))
            {
                return false;
            }

            int end = cursor.End;
            cursor.End = cursor.At + length;
            bool good = OfBytes(ref cursor, use, length, sink, out value);
            cursor.At = good ? cursor.End : cursor.At;
            cursor.End = end;
            if (!good)
            {
                return false;
            }
        }

        Put(use, value, start, sink);
        return true;
    }

    private static void Put(ProtoUse use, in Value value, int start, FieldSink sink)
    {
        // Null: it was reported, or a closed enum does not know it.
        if (value.IsNull && use.Wanted != ValueKind.Double)
        {
            return;
        }

        if (!use.IsRepeated)
        {
            sink.Set(use.Slot, value);
            return;
        }

        sink.Add(use.Slot, value);
        sink.EndList(use.Slot, start);
    }

    private static bool OfBytes(ref ProtoCursor cursor, ProtoUse use, int length, FieldSink sink, out Value value)
    {
        switch (use.Type)
        {
            case ProtoType.Timestamp or ProtoType.Duration:
                return ProtobufWellKnown.TryTime(ref cursor, use, sink, out value);
            case ProtoType.Wrapper:
                return ProtobufWellKnown.TryWrapper(ref cursor, use, sink, out value);
            default:
                value = OfText(use, cursor.At, length, sink);
                return true;
        }
    }

    /// <summary>A text, or the time that it is; null when it was reported.</summary>
    internal static Value OfText(ProtoUse use, int at, int length, FieldSink sink)
    {
        if (use.Wanted == ValueKind.Timestamp)
        {
            sink.SetText(use.Slot, at, length);
            return sink.At(use.Slot);
        }

        if (sink.TryText(at, length, out Value text))
        {
            return text;
        }

        sink.Report(DecodeError.InvalidUtf8, DecodeHint.None, use.Slot, at, at, length);
        return Value.Null;
    }

    /// <summary>The value of the bits of a type; null when it was reported.</summary>
    internal static Value OfBits(ProtoUse use, ProtoType type, ulong bits, int start, FieldSink sink)
    {
        switch (type)
        {
            case ProtoType.Bool:
                return Value.Of(bits != 0);
            case ProtoType.Double:
                return Value.Of(BitConverter.UInt64BitsToDouble(bits));
            case ProtoType.Float:
                return Value.Of((double)BitConverter.UInt32BitsToSingle((uint)bits));
            case ProtoType.Enum:
                return OfEnum(use, (int)bits, sink);
            case ProtoType.UInt64 or ProtoType.Fixed64 when bits > long.MaxValue:
                if (use.Wanted == ValueKind.Double)
                {
                    return Value.Of((double)bits);
                }

                sink.Report(
                    DecodeError.NumberOutOfRange,
                    DecodeHint.None,
                    use.Slot,
                    start,
                    bits.ToString(CultureInfo.InvariantCulture));
                return Value.Null;
        }

        long integer = ToInt64(type, bits);
        switch (use.Wanted)
        {
            case ValueKind.Double:
                return Value.Of((double)integer);
            case ValueKind.Timestamp:
                sink.SetTime(use.Slot, integer, TimeUnit.Unstated, start);
                return sink.At(use.Slot);
            default:
                return Value.Of(integer);
        }
    }

    // Numbers of 32 bits keep the low bits of what came, as parsers do.
    private static long ToInt64(ProtoType type, ulong bits) => type switch
    {
        ProtoType.Int32 or ProtoType.SFixed32 => (int)bits,
        ProtoType.UInt32 or ProtoType.Fixed32 => (uint)bits,
        ProtoType.SInt32 => (int)((uint)bits >> 1) ^ -(int)((uint)bits & 1),
        ProtoType.SInt64 => (long)(bits >> 1) ^ -(long)(bits & 1),
        _ => (long)bits,
    };

    private static Value OfEnum(ProtoUse use, int number, FieldSink sink)
    {
        byte[]? name = null;
        bool isKnown = use.Names?.TryGetValue(number, out name) == true;
        if (!isKnown && use.IsClosed)
        {
            return Value.Null;
        }

        if (use.Wanted == ValueKind.Int64)
        {
            return Value.Of((long)number);
        }

        if (name is not null)
        {
            return Value.Text(name, 0, name.Length);
        }

        // As in Protobuf's JSON, a number without a name stands for itself.
        Span<byte> digits = stackalloc byte[DigitsMax];
        Utf8Formatter.TryFormat(number, digits, out int length);
        digits[..length].CopyTo(sink.TakeText(length, out Value text));
        return text;
    }
}
