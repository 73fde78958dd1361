using System.Buffers.Binary;
using System.Globalization;
using ContextGrid.Core.Model;
using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Adapters.SchemaRegistry.Avro;

/// <summary>Reads single values of used fields.</summary>
internal static class AvroValues
{
    private const long MsPerDay = 86_400_000;
    private const int UuidBytes = 16;
    private const int UuidChars = 36;

    /// <summary>Reads the value of a field; a value that is wrong for the field is reported to the sink.</summary>
    /// <returns>False: the payload is broken.</returns>
    internal static bool Read(ref AvroCursor cursor, AvroStep step, FieldSink sink)
    {
        int start = cursor.At;
        if (step.Read == AvroRead.Time && step.Kind == AvroKind.String
            || step.Read == AvroRead.Text && step.Kind is AvroKind.String or AvroKind.Bytes)
        {
            if (!cursor.ReadLength(out int length))
            {
                return false;
            }

            sink.SetText(step.Slot, cursor.At, length);
            return cursor.Move(length);
        }

        if (step.Read == AvroRead.Time)
        {
            if (!ReadInteger(ref cursor, step, out long number))
            {
                return false;
            }

            if (step.Logical == AvroLogical.Date)
            {
                sink.SetTime(step.Slot, number * MsPerDay, start);
            }
            else
            {
                sink.SetTime(step.Slot, number, UnitOf(step.Logical), start);
            }

            return true;
        }

        bool good = TryRead(ref cursor, step, sink, out Value value);
        if (good)
        {
            sink.Set(step.Slot, value);
        }

        // A value that is wrong in itself is reported; the walk goes on behind it.
        return good || cursor.Hint == DecodeHint.None;
    }

    /// <summary>Reads a value.</summary>
    /// <returns>False: the payload is broken, or, when the cursor has no hint, the value is, which the sink knows.
    /// </returns>
    internal static bool TryRead(ref AvroCursor cursor, AvroStep step, FieldSink sink, out Value value)
    {
        value = default;
        switch (step.Read)
        {
            case AvroRead.Bool:
                bool isBool = cursor.ReadBool(out bool flag);
                value = Value.Of(flag);
                return isBool;
            case AvroRead.Int64:
                bool isInteger = ReadInteger(ref cursor, step, out long integer);
                value = Value.Of(integer);
                return isInteger;
            case AvroRead.Time:
                bool isTime = ReadTime(ref cursor, step, out long milliseconds);
                value = Value.Timestamp(milliseconds);
                return isTime;
            case AvroRead.Double:
                bool isReal = ReadDouble(ref cursor, step, sink, out double real);
                value = Value.Of(real);
                return isReal;
            default:
                return TryText(ref cursor, step, sink, out value);
        }
    }

    /// <summary>Reads a duration as the list of its months, days and milliseconds.</summary>
    internal static bool ReadDuration(ref AvroCursor cursor, int slot, FieldSink sink)
    {
        int start = cursor.At;
        if (!cursor.Move(3 * sizeof(uint)))
        {
            return false;
        }

        for (int i = 0; i < 3; i++)
        {
            sink.Add(slot, Value.Of((long)BinaryPrimitives.ReadUInt32LittleEndian(cursor.Data[(start + i * 4)..])));
        }

        sink.EndList(slot, start);
        return true;
    }

    private static bool ReadInteger(ref AvroCursor cursor, AvroStep step, out long value) =>
        step.Kind == AvroKind.Int ? cursor.ReadInt(out value) : cursor.ReadLong(out value);

    private static bool ReadTime(ref AvroCursor cursor, AvroStep step, out long milliseconds)
    {
        bool good = ReadInteger(ref cursor, step, out long value);
        milliseconds = step.Logical switch
        {
            AvroLogical.Date => value * MsPerDay,
            AvroLogical.TimestampMicros => TimeMath.FloorDiv(value, 1_000),
            AvroLogical.TimestampNanos => TimeMath.FloorDiv(value, 1_000_000),
            _ => value,
        };
        return good;
    }

    private static TimeUnit UnitOf(AvroLogical logical) => logical switch
    {
        AvroLogical.TimestampMillis => TimeUnit.Milliseconds,
        AvroLogical.TimestampMicros => TimeUnit.Microseconds,
        AvroLogical.TimestampNanos => TimeUnit.Nanoseconds,
        _ => TimeUnit.Unstated,
    };

    private static bool ReadDouble(ref AvroCursor cursor, AvroStep step, FieldSink sink, out double value)
    {
        value = 0;
        if (step.Kind is AvroKind.Int or AvroKind.Long)
        {
            bool isInteger = ReadInteger(ref cursor, step, out long integer);
            value = integer;
            return isInteger;
        }

        if (step.Kind is AvroKind.Float or AvroKind.Double)
        {
            return cursor.ReadReal(step.Kind == AvroKind.Float, out value);
        }

        int length = step.Size;
        if (step.Kind == AvroKind.Bytes && !cursor.ReadLength(out length))
        {
            return false;
        }

        int start = cursor.At;
        if (!cursor.Move(length))
        {
            return false;
        }

        if (AvroDecimal.TryRead(cursor.Data.Slice(start, length), step.Scale, out value))
        {
            return true;
        }

        string found = string.Create(CultureInfo.InvariantCulture, $"a decimal of {length} bytes");
        sink.Report(DecodeError.NumberOutOfRange, DecodeHint.None, step.Slot, start, found);
        return false;
    }

    private static bool TryText(ref AvroCursor cursor, AvroStep step, FieldSink sink, out Value value)
    {
        value = default;
        if (step.Kind == AvroKind.Enum)
        {
            bool isSymbol = cursor.ReadIndex(step.Symbols.Length, out int symbol);
            value = isSymbol ? Value.Text(step.Symbols[symbol], 0, step.Symbols[symbol].Length) : default;
            return isSymbol;
        }

        if (step.Kind == AvroKind.Fixed)
        {
            int start = cursor.At;
            return cursor.Move(UuidBytes) && TryUuid(cursor.Data.Slice(start, UuidBytes), sink, out value);
        }

        if (!cursor.ReadLength(out int length))
        {
            return false;
        }

        int at = cursor.At;
        cursor.Move(length);
        if (sink.TryText(at, length, out value))
        {
            return true;
        }

        sink.Report(DecodeError.InvalidUtf8, DecodeHint.None, step.Slot, at, at, length);
        return false;
    }

    private static bool TryUuid(ReadOnlySpan<byte> bytes, FieldSink sink, out Value value) =>
        new Guid(bytes, bigEndian: true).TryFormat(sink.TakeText(UuidChars, out value), out _);
}
