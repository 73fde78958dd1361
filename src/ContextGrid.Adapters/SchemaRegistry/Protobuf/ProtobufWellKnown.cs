using ContextGrid.Core.Model;

namespace ContextGrid.Adapters.SchemaRegistry.Protobuf;

/// <summary>Reads the well-known messages that stand for single values.</summary>
internal static class ProtobufWellKnown
{
    private const int NanosPerMs = 1_000_000;

    /// <summary>Reads a Timestamp or a Duration up to the cursor's end.</summary>
    /// <returns>False: the payload is broken. A time out of range is reported to the sink.</returns>
    internal static bool TryTime(ref ProtoCursor cursor, ProtoUse use, FieldSink sink, out Value value)
    {
        int start = cursor.At;
        value = default;
        if (!TryParts(ref cursor, out long seconds, out int nanos))
        {
            return false;
        }

        // Beyond these seconds milliseconds do not fit; such a time is out of every range.
        long whole = Math.Clamp(seconds, long.MinValue / 2_000, long.MaxValue / 2_000);
        long milliseconds = whole * 1_000 + FloorToMs(nanos);
        if (use.Wanted == ValueKind.Timestamp && !use.IsRepeated)
        {
            sink.SetTime(use.Slot, milliseconds, start);
            value = sink.At(use.Slot);
            return true;
        }

        value = use.Wanted switch
        {
            ValueKind.Timestamp => Value.Timestamp(milliseconds),
            ValueKind.Double => Value.Of(whole * 1e3 + nanos / 1e6),
            _ => Value.Of(milliseconds),
        };
        return true;
    }

    /// <summary>Reads a wrapper up to the cursor's end; an empty one has its type's default.</summary>
    /// <returns>False: the payload is broken.</returns>
    internal static bool TryWrapper(ref ProtoCursor cursor, ProtoUse use, FieldSink sink, out Value value)
    {
        value = ProtoDefaults.OfWrapped(use);
        int wanted = ProtoTypes.WireOf(use.Wrapped);
        while (!cursor.IsAtEnd)
        {
            if (!cursor.ReadTag(out int number, out int wire))
            {
                return false;
            }

            bool good = number == 1 && wire == wanted
                ? TryWrapped(ref cursor, use, wire, sink, out value)
                : cursor.Skip(number, wire, 0);
            if (!good)
            {
                return false;
            }
        }

        return true;
    }

    private static bool TryWrapped(
        ref ProtoCursor cursor, ProtoUse use, int wire, FieldSink sink, out Value value)
    {
        int start = cursor.At;
        value = default;
        if (wire == ProtoCursor.WireBytes)
        {
            if (!cursor.ReadLength(out int length))
            {
                return false;
            }

            value = ProtobufValues.OfText(use, cursor.At, length, sink);
            cursor.At += length;
            return true;
        }

        bool good = cursor.ReadBits(wire, out ulong bits);
        value = good ? ProtobufValues.OfBits(use, use.Wrapped, bits, start, sink) : default;
        return good;
    }

    private static bool TryParts(ref ProtoCursor cursor, out long seconds, out int nanos)
    {
        (seconds, nanos) = (0, 0);
        while (!cursor.IsAtEnd)
        {
            if (!cursor.ReadTag(out int number, out int wire))
            {
                return false;
            }

            bool isUsed = number is 1 or 2 && wire == ProtoCursor.WireVarint;
            ulong bits = 0;
            if (!(isUsed ? cursor.ReadVarint(out bits) : cursor.Skip(number, wire, 0)))
            {
                return false;
            }

            seconds = isUsed && number == 1 ? (long)bits : seconds;
            nanos = isUsed && number == 2 ? (int)bits : nanos;
        }

        return true;
    }

    private static int FloorToMs(int nanos) => nanos / NanosPerMs - (nanos % NanosPerMs < 0 ? 1 : 0);
}
