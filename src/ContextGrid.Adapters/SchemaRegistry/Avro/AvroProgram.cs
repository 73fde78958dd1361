using ContextGrid.Core.Model;
using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Adapters.SchemaRegistry.Avro;

/// <summary>Interprets the steps of a compiled Avro schema over a payload. Immutable.</summary>
internal sealed class AvroProgram(AvroStep root) : IPayloadProgram
{
    /// <inheritdoc/>
    public DecodeResult Run(ReadOnlySpan<byte> payload, ReadOnlySpan<byte> path, FieldSink sink)
    {
        var cursor = new AvroCursor(payload);
        AvroStep record = root;
        if (root.Kind == AvroKind.Union)
        {
            if (!cursor.ReadIndex(root.Inner.Length, out int branch))
            {
                return Broken(cursor);
            }

            record = root.Inner[branch];
            if (record.Read == AvroRead.Refuse)
            {
                return new DecodeResult
                {
                    Error = DecodeError.SchemaMismatch, FieldIndex = record.Slot, FoundText = record.Refusal,
                };
            }
        }

        bool good = Walk(ref cursor, record, sink, 0)
            && (cursor.Left == 0 || cursor.Fail(DecodeHint.TrailingBytes));
        return good ? default : Broken(cursor);
    }

    private static DecodeResult Broken(in AvroCursor cursor) => new()
    {
        Error = cursor.IsTooDeep ? DecodeError.TooDeep : DecodeError.InvalidAvro,
        Hint = cursor.Hint,
        FieldIndex = -1,
        Position = cursor.At,
    };

    private static bool Walk(ref AvroCursor cursor, AvroStep step, FieldSink sink, int depth)
    {
        switch (step.Read)
        {
            case AvroRead.Skip:
                return AvroSkip.Skip(ref cursor, step, depth);
            case AvroRead.Refuse:
                sink.Report(DecodeError.WrongType, DecodeHint.None, step.Slot, cursor.At, step.Refusal);
                return AvroSkip.Skip(ref cursor, step, depth);
            case AvroRead.Inside when step.Kind == AvroKind.Union:
                return cursor.ReadIndex(step.Inner.Length, out int branch)
                    && Walk(ref cursor, step.Inner[branch], sink, depth);
            case AvroRead.Inside:
                return Record(ref cursor, step, sink, depth);
            case AvroRead.List when step.Kind == AvroKind.Array:
                return List(ref cursor, step, sink, depth);
            case AvroRead.List:
                return AvroValues.ReadDuration(ref cursor, step.Slot, sink);
            default:
                return AvroValues.Read(ref cursor, step, sink);
        }
    }

    private static bool Record(ref AvroCursor cursor, AvroStep step, FieldSink sink, int depth)
    {
        if (depth == AvroCursor.DepthMax)
        {
            cursor.IsTooDeep = true;
            return false;
        }

        foreach (AvroStep field in step.Inner)
        {
            if (!Walk(ref cursor, field, sink, depth + 1))
            {
                return false;
            }
        }

        return true;
    }

    private static bool List(ref AvroCursor cursor, AvroStep step, FieldSink sink, int depth)
    {
        AvroStep item = step.Inner[0];
        int start = cursor.At;
        bool good = true;
        while (cursor.ReadBlock(item.FixedBytes < 0 ? 1 : item.FixedBytes, out long count, out _))
        {
            // Items without bytes cost nothing to send: no more of them are looked at than a list may have.
            int room = JsonEventDecoder.ListItemsMax + 1 - sink.ItemsOf(step.Slot);
            long looked = item.FixedBytes == 0 ? Math.Min(count, room) : count;
            for (long i = 0; i < looked; i++)
            {
                good &= Item(ref cursor, item, sink, depth + 1);
                if (cursor.Hint != DecodeHint.None || cursor.IsTooDeep)
                {
                    return false;
                }
            }

            if (count == 0)
            {
                return End(step, sink, start, good);
            }
        }

        return false;
    }

    private static bool End(AvroStep step, FieldSink sink, int start, bool good)
    {
        if (good)
        {
            sink.EndList(step.Slot, start);
        }

        return true;
    }

    // False: the item is wrong; the walk goes on unless the cursor says otherwise.
    private static bool Item(ref AvroCursor cursor, AvroStep step, FieldSink sink, int depth)
    {
        int slot = step.Slot;
        while (step.Kind == AvroKind.Union)
        {
            if (!cursor.ReadIndex(step.Inner.Length, out int branch))
            {
                return false;
            }

            step = step.Inner[branch];
        }

        if (step.Read is AvroRead.Skip or AvroRead.Refuse)
        {
            sink.Add(slot, Value.Null);
            if (step.Read == AvroRead.Refuse)
            {
                sink.Report(DecodeError.WrongType, DecodeHint.None, slot, cursor.At, step.Refusal);
            }

            return AvroSkip.Skip(ref cursor, step, depth) && step.Read == AvroRead.Skip;
        }

        if (!AvroValues.TryRead(ref cursor, step, sink, out Value value))
        {
            return false;
        }

        sink.Add(slot, value);
        return true;
    }
}
