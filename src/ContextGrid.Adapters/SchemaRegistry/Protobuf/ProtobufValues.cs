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
    internal static bool Read(ref ProtoCursor cursor, ProtoUse use, int number, FieldSink sink, int depth)
    {
        if (use.Wire != ProtoCursor.WireBytes)
        {
            return use.IsDelimited
                ? ReadDelimited(ref cursor, use, number, sink, depth)
                : ReadNumber(ref cursor, use, sink);
        }

        int start = cursor.At;
        if (!cursor.ReadLength(out int length))
        {
            return false;
        }

        Claim(use, sink);
        if (use.Type < ProtoType.Message)
        {
            Put(use, OfText(use, cursor.At, length, sink), start, sink);
            cursor.At += length;
            return true;
        }

        int end = cursor.End;
        cursor.End = cursor.At + length;
        bool good = ReadMessage(ref cursor, use, 0, sink, depth);
        cursor.End = end;
        return good;
    }

    private static bool ReadDelimited(ref ProtoCursor cursor, ProtoUse use, int number, FieldSink sink, int depth)
    {
        Claim(use, sink);
        return ReadMessage(ref cursor, use, number, sink, depth);
    }

    /// <summary>Reads a number or symbol, also one of a packed list.</summary>
    internal static bool ReadNumber(ref ProtoCursor cursor, ProtoUse use, FieldSink sink)
    {
        int start = cursor.At;
        if (!cursor.ReadBits(use.Wire, out ulong bits))
        {
            return false;
        }

        // A number that a closed enum does not know is an unknown field: it sets nothing and replaces nothing.
        if (use.Names is { IsClosed: true } names && names.Find((int)bits) is null)
        {
            return true;
        }

        Claim(use, sink);
        Put(use, OfBits(use, use.Type, bits, start, sink), start, sink);
        return true;
    }

    /// <summary>Whether a value that was passed over is a number that its closed enum does not know.</summary>
    internal static bool IsUnknownSymbol(ProtoCursor cursor, ProtoUse use, int start)
    {
        if (use.Names is not { IsClosed: true } names)
        {
            return false;
        }

        cursor.At = start;
        return cursor.ReadVarint(out ulong bits) && names.Find((int)bits) is null;
    }

    // The field is set: the other members of its oneof are not, and what was wrong with an earlier value is no more;
    // messages say themselves what of them came.
    private static void Claim(ProtoUse use, FieldSink sink)
    {
        ProtobufProgram.Replace(use, sink);
        if (!use.IsRepeated && use.Type < ProtoType.Message)
        {
            sink.Mend(use.Slot);
        }
    }

    private static bool ReadMessage(ref ProtoCursor cursor, ProtoUse use, int group, FieldSink sink, int depth)
    {
        int start = cursor.At;
        bool good = use.Type == ProtoType.Wrapper
            ? ProtobufWellKnown.TryWrapper(ref cursor, use, group, sink, depth, out Value value)
            : ProtobufWellKnown.TryTime(ref cursor, use, group, sink, depth, out value);
        if (good)
        {
            Put(use, value, start, sink);
        }

        return good;
    }

    private static void Put(ProtoUse use, in Value value, int start, FieldSink sink)
    {
        // Null: it was reported, or it is no finite number.
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
        if (use.Wanted == ValueKind.Int64)
        {
            return Value.Of((long)number);
        }

        if (use.Names?.Find(number) is { } name)
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
