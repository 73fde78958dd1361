using ContextGrid.Core.Model;
using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Adapters.SchemaRegistry.Protobuf;

/// <summary>Reads the well-known messages that stand for single values.</summary>
internal static class ProtobufWellKnown
{
    private const int NanosPerMs = 1_000_000;

    /// <summary>Reads a Timestamp or a Duration up to the cursor's end, or that of its group. One that comes again is
    /// merged with what came before, as the specification says of messages.</summary>
    /// <returns>False: the payload is broken. A time out of range is reported to the sink.</returns>
    internal static bool TryTime(
        ref ProtoCursor cursor, ProtoUse use, int group, FieldSink sink, int depth, out Value value)
    {
        int start = cursor.At;
        value = default;
        bool isNew = sink.TryOpen(use.Slot) || use.IsRepeated;
        ref TimeParts parts = ref sink.Parts(use.Slot);
        parts = isNew ? default : parts;
        if (!TryParts(ref cursor, group, depth, ref parts))
        {
            return false;
        }

        if (!use.IsRepeated)
        {
            sink.Mend(use.Slot);
        }

        // Beyond these seconds milliseconds do not fit; such a time is out of every range.
        long whole = Math.Clamp(parts.Seconds, long.MinValue / 2_000, long.MaxValue / 2_000);
        long milliseconds = whole * 1_000 + FloorToMs(parts.Nanos);
        if (use.Wanted == ValueKind.Timestamp && !use.IsRepeated)
        {
            sink.SetTime(use.Slot, milliseconds, start);
            value = sink.At(use.Slot);
            return true;
        }

        value = use.Wanted switch
        {
            ValueKind.Timestamp => Value.Timestamp(milliseconds),
            ValueKind.Double => Value.Of(whole * 1e3 + parts.Nanos / 1e6),
            _ => Value.Of(milliseconds),
        };
        return true;
    }

    /// <summary>Reads a wrapper up to the cursor's end, or that of its group. An empty one has its type's default, or
    /// what came before.</summary>
    /// <returns>False: the payload is broken.</returns>
    internal static bool TryWrapper(
        ref ProtoCursor cursor, ProtoUse use, int group, FieldSink sink, int depth, out Value value)
    {
        bool isNew = sink.TryOpen(use.Slot) || use.IsRepeated;
        value = isNew ? ProtoDefaults.OfWrapped(use) : sink.At(use.Slot);
        int wanted = ProtoTypes.WireOf(use.Wrapped);
        while (!cursor.IsAtEnd)
        {
            if (!cursor.ReadTag(out int number, out int wire))
            {
                return false;
            }

            if (wire == ProtoCursor.WireGroupEnd)
            {
                return cursor.IsEndOf(group, number);
            }

            bool good = number == 1 && wire == wanted
                ? TryWrapped(ref cursor, use, wire, sink, out value)
                : cursor.Skip(number, wire, depth + 1);
            if (!good)
            {
                return false;
            }
        }

        return group == 0 || cursor.Fail(DecodeHint.BadGroup);
    }

    private static bool TryWrapped(
        ref ProtoCursor cursor, ProtoUse use, int wire, FieldSink sink, out Value value)
    {
        int start = cursor.At;
        value = default;
        if (!use.IsRepeated)
        {
            sink.Mend(use.Slot);
        }

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

    private static bool TryParts(ref ProtoCursor cursor, int group, int depth, ref TimeParts parts)
    {
        while (!cursor.IsAtEnd)
        {
            if (!cursor.ReadTag(out int number, out int wire))
            {
                return false;
            }

            if (wire == ProtoCursor.WireGroupEnd)
            {
                return cursor.IsEndOf(group, number);
            }

            bool isUsed = number is 1 or 2 && wire == ProtoCursor.WireVarint;
            ulong bits = 0;
            if (!(isUsed ? cursor.ReadVarint(out bits) : cursor.Skip(number, wire, depth + 1)))
            {
                return false;
            }

            parts.Seconds = isUsed && number == 1 ? (long)bits : parts.Seconds;
            parts.Nanos = isUsed && number == 2 ? (int)bits : parts.Nanos;
        }

        return group == 0 || cursor.Fail(DecodeHint.BadGroup);
    }

    private static int FloorToMs(int nanos) => nanos / NanosPerMs - (nanos % NanosPerMs < 0 ? 1 : 0);
}
