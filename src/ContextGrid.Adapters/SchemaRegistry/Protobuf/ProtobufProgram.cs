using ContextGrid.Core.Model;
using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Adapters.SchemaRegistry.Protobuf;

/// <summary>A message of a file: its compiled form, or why it has none, and the messages inside of it.</summary>
internal sealed record ProtoEntry(ProtoStep Step, string? Wrong, int WrongSlot, ProtoEntry[] Nested)
{
    /// <summary>Whether it, or a message inside of it, can be read.</summary>
    internal bool IsReadable => Wrong is null || Nested.Any(n => n.IsReadable);
}

/// <summary>Reads Protobuf payloads of one file's messages. Immutable.</summary>
internal sealed class ProtobufProgram(ProtoEntry[] entries, SchemaId schemaId) : IPayloadProgram
{
    /// <inheritdoc/>
    public DecodeResult Run(ReadOnlySpan<byte> payload, ReadOnlySpan<byte> path, FieldSink sink)
    {
        var cursor = new ProtoCursor(path.IsEmpty ? payload : path);
        if (!TryFind(ref cursor, out ProtoEntry? entry) || entry is null)
        {
            return Broken(cursor);
        }

        cursor = path.IsEmpty ? cursor : new ProtoCursor(payload);

        if (entry.Wrong is not null)
        {
            return new DecodeResult
            {
                Error = DecodeError.SchemaMismatch,
                FieldIndex = entry.WrongSlot,
                FoundText = $"{entry.Wrong} (schema {schemaId})",
            };
        }

        return Message(ref cursor, entry.Step, sink, 0, 0) ? default : Broken(cursor);
    }

    private static DecodeResult Broken(in ProtoCursor cursor) => new()
    {
        Error = cursor.IsTooDeep ? DecodeError.TooDeep : DecodeError.InvalidProtobuf,
        Hint = cursor.Hint,
        FieldIndex = -1,
        Position = cursor.At,
    };

    // The path of indexes that leads to the message: a count and the indexes, zigzag; the count 0 stands for [0].
    private bool TryFind(ref ProtoCursor cursor, out ProtoEntry? entry)
    {
        entry = entries[0];
        if (!ReadIndex(ref cursor, out long count) || count == 0)
        {
            return cursor.Hint == DecodeHint.None;
        }

        ProtoEntry[] among = entries;
        for (long i = 0; i < count; i++)
        {
            if (!ReadIndex(ref cursor, out long index))
            {
                return false;
            }

            if (index >= among.Length)
            {
                return cursor.Fail(DecodeHint.BadIndex);
            }

            entry = among[index];
            among = entry.Nested;
        }

        return true;
    }

    private static bool ReadIndex(ref ProtoCursor cursor, out long index)
    {
        bool good = cursor.ReadVarint(out ulong raw);
        index = (long)(raw >> 1) ^ -(long)(raw & 1);
        return good && (index >= 0 || cursor.Fail(DecodeHint.BadIndex));
    }

    // Reads up to the end that the cursor has, or up to the end of a group.
    private static bool Message(ref ProtoCursor cursor, ProtoStep step, FieldSink sink, int depth, int group)
    {
        if (depth == ProtoCursor.DepthMax)
        {
            cursor.IsTooDeep = true;
            return false;
        }

        foreach ((int slot, Value value) in step.Defaults)
        {
            if (sink.At(slot).IsNull)
            {
                sink.Set(slot, value);
            }
        }

        while (!cursor.IsAtEnd)
        {
            if (!cursor.ReadTag(out int number, out int wire))
            {
                return false;
            }

            if (wire == ProtoCursor.WireGroupEnd)
            {
                return number == group && group > 0 || cursor.Fail(DecodeHint.BadGroup);
            }

            if (!Field(ref cursor, step.Find(number), number, wire, sink, depth))
            {
                return false;
            }
        }

        return group == 0 || cursor.Fail(DecodeHint.BadGroup);
    }

    private static bool Field(
        ref ProtoCursor cursor, ProtoUse? use, int number, int wire, FieldSink sink, int depth)
    {
        if (use is null)
        {
            return cursor.Skip(number, wire, depth + 1);
        }

        foreach (int slot in use.Replaces)
        {
            sink.Set(slot, Value.Null);
        }

        if (use.Type == ProtoType.None)
        {
            return cursor.Skip(number, wire, depth + 1);
        }

        if (use.Inner is not null)
        {
            return Inner(ref cursor, use, number, wire, sink, depth);
        }

        if (wire == ProtoTypes.WireOf(use.Type))
        {
            return ProtobufValues.Read(ref cursor, use, wire, sink);
        }

        // A repeated number may be packed whatever its declaration says. Any other wire type makes it an unknown field.
        return use.IsRepeated && wire == ProtoCursor.WireBytes
            ? Packed(ref cursor, use, sink)
            : cursor.Skip(number, wire, depth + 1);
    }

    private static bool Inner(
        ref ProtoCursor cursor, ProtoUse use, int number, int wire, FieldSink sink, int depth)
    {
        ProtoStep inner = use.Inner ?? throw new InvalidOperationException("The field has no members.");
        if (wire != (use.IsGroup ? ProtoCursor.WireGroup : ProtoCursor.WireBytes))
        {
            return cursor.Skip(number, wire, depth + 1);
        }

        if (use.IsGroup)
        {
            return Message(ref cursor, inner, sink, depth + 1, number);
        }

        if (!cursor.ReadLength(out int length))
        {
            return false;
        }

        int end = cursor.End;
        cursor.End = cursor.At + length;
        bool good = Message(ref cursor, inner, sink, depth + 1, 0);
        cursor.End = end;
        return good;
    }

    private static bool Packed(ref ProtoCursor cursor, ProtoUse use, FieldSink sink)
    {
        if (!cursor.ReadLength(out int length))
        {
            return false;
        }

        int end = cursor.End, wire = ProtoTypes.WireOf(use.Type);
        cursor.End = cursor.At + length;
        bool good = true;
        while (good && !cursor.IsAtEnd)
        {
            good = ProtobufValues.Read(ref cursor, use, wire, sink);
        }

        cursor.End = end;
        return good;
    }
}
