using System.Diagnostics.CodeAnalysis;
using ContextGrid.Core.Model;
using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Adapters.SchemaRegistry.Protobuf;

/// <summary>A message of a file: its compiled form, or why it has none, and the messages inside of it.</summary>
/// <param name="Step">How it is read.</param>
/// <param name="Wrong">Why it can't be; null: it can.</param>
/// <param name="WrongSlot">The field of the definition that this is about.</param>
/// <param name="Shape">What its payloads have; null: it is the entry of a map, and no payload has it.</param>
/// <param name="Inner">The messages inside of it.</param>
internal sealed record ProtoEntry(ProtoStep Step, string? Wrong, int WrongSlot, ProtoShape? Shape, ProtoEntries Inner)
{
    /// <summary>Whether it, or a message inside of it, can be read.</summary>
    internal bool IsReadable => Wrong is null || Inner.IsReadable;
}

/// <summary>The wire types of all fields of a message, by their numbers: a bit for each.</summary>
internal sealed class ProtoShape(IReadOnlyDictionary<int, int> wires)
{
    /// <summary>Whether a payload has declared fields only, as one has that was written by this schema.</summary>
    /// <param name="cursor">Where the payload starts; it stays there.</param>
    internal bool Fits(ProtoCursor cursor)
    {
        while (!cursor.IsAtEnd)
        {
            if (!cursor.ReadTag(out int number, out int wire)
                || (wires.GetValueOrDefault(number) & (1 << wire)) == 0
                || !cursor.Skip(number, wire, 0))
            {
                return false;
            }
        }

        return true;
    }
}

/// <summary>The messages of one place, by the two ways in which clients count them.</summary>
/// <param name="Described">As descriptors do: groups and the entries of maps count (Go, .NET, Python).</param>
/// <param name="Written">As texts do: only what is written as a message counts (Java, JavaScript).</param>
internal sealed record ProtoEntries(ProtoEntry[] Described, ProtoEntry[] Written)
{
    internal static readonly ProtoEntries None = new([], []);

    internal bool IsReadable => Described.Any(e => e.IsReadable);
}

/// <summary>Reads Protobuf payloads of one file's messages. Immutable.</summary>
internal sealed class ProtobufProgram(ProtoEntries entries, SchemaId schemaId) : IPayloadProgram
{
    /// <inheritdoc/>
    public DecodeResult Run(ReadOnlySpan<byte> payload, ReadOnlySpan<byte> path, FieldSink sink)
    {
        var cursor = new ProtoCursor(path.IsEmpty ? payload : path);
        if (!TryFind(ref cursor, payload, isInHeader: !path.IsEmpty, out ProtoEntry? entry))
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
    private bool TryFind(
        ref ProtoCursor cursor,
        ReadOnlySpan<byte> payload,
        bool isInHeader,
        [NotNullWhen(true)] out ProtoEntry? entry)
    {
        ProtoEntry? described = entries.Described[0];
        ProtoEntry? written = entries.Written.Length > 0 ? entries.Written[0] : null;
        bool good = ReadIndex(ref cursor, out long count);
        for (long i = 0; good && i < count; i++)
        {
            good = ReadIndex(ref cursor, out long index);
            described = At(i == 0 ? entries.Described : described?.Inner.Described, index);
            written = At(i == 0 ? entries.Written : written?.Inner.Written, index);
            good = good && (described is not null || written is not null || cursor.Fail(DecodeHint.BadIndex));
        }

        entry = ReferenceEquals(described, written) ? described
            : Choose(isInHeader ? new ProtoCursor(payload) : cursor, described, written);
        return good && (entry is not null || cursor.Fail(DecodeHint.BadIndex));
    }

    private static ProtoEntry? At(ProtoEntry[]? among, long index) =>
        among is not null && (ulong)index < (ulong)among.Length ? among[index] : null;

    // Where the two ways of counting lead to different messages, the descriptor's holds, unless the payload has fields
    // that its message does not declare and the other does.
    private static ProtoEntry? Choose(in ProtoCursor cursor, ProtoEntry? described, ProtoEntry? written)
    {
        if (described?.Shape is null || written is null)
        {
            return described?.Shape is null ? written : described;
        }

        bool isWritten = !described.Shape.Fits(cursor) && written.Shape?.Fits(cursor) == true;
        return isWritten ? written : described;
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

        foreach (ref readonly ProtoDefault absent in step.Defaults.AsSpan())
        {
            // The outermost message comes once; one inside may come in pieces.
            if (depth == 0 || sink.TryOpen(absent.Slot))
            {
                SetAbsent(absent, sink);
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
                return cursor.IsEndOf(group, number);
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

        if (wire != use.Wire && use.Type != ProtoType.None)
        {
            // A repeated number may be packed whatever its declaration says. Any other wire type makes it an unknown
            // field, which sets nothing and replaces nothing.
            return use.IsRepeated && wire == ProtoCursor.WireBytes && use.Type <= ProtoType.Enum
                ? Packed(ref cursor, use, sink)
                : cursor.Skip(number, wire, depth + 1);
        }

        if (use.Inner is not null)
        {
            Replace(use, sink);
            return Inner(ref cursor, use, use.Inner, number, sink, depth);
        }

        if (use.Slot >= 0)
        {
            return ProtobufValues.Read(ref cursor, use, number, sink, depth);
        }

        // A member of a oneof that nothing uses. A number that its closed enum does not know is an unknown field too.
        int start = cursor.At;
        if (!cursor.Skip(number, wire, depth + 1))
        {
            return false;
        }

        if (!ProtobufValues.IsUnknownSymbol(cursor, use, start))
        {
            Replace(use, sink);
        }

        return true;
    }

    /// <summary>Gives the other members of a oneof what they have while they are absent.</summary>
    internal static void Replace(ProtoUse use, FieldSink sink)
    {
        foreach (ref readonly ProtoDefault other in use.Replaces.AsSpan())
        {
            sink.Replace(other.Slot, Value.Null);
            SetAbsent(other, sink);
        }
    }

    private static void SetAbsent(in ProtoDefault absent, FieldSink sink)
    {
        if (absent.IsPlain)
        {
            sink.Set(absent.Slot, absent.Value);
        }
        else if (absent.IsTime)
        {
            sink.SetTime(absent.Slot, absent.Value.Int64, TimeUnit.Unstated, 0);
        }
        else
        {
            sink.Report(absent.Error, DecodeHint.None, absent.Slot, 0, absent.Found);
        }
    }

    private static bool Inner(
        ref ProtoCursor cursor, ProtoUse use, ProtoStep inner, int number, FieldSink sink, int depth)
    {
        if (use.IsDelimited)
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

        int end = cursor.End;
        cursor.End = cursor.At + length;
        bool good = true;
        while (good && !cursor.IsAtEnd)
        {
            good = ProtobufValues.ReadNumber(ref cursor, use, sink);
        }

        cursor.End = end;
        return good;
    }
}
