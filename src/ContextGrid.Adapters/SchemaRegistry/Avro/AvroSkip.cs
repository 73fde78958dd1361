using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Adapters.SchemaRegistry.Avro;

/// <summary>
/// Passes over values that no field uses: whole blocks where they say their size, else value by value.
/// </summary>
internal static class AvroSkip
{
    /// <summary>Passes over a value.</summary>
    /// <returns>False: the payload is broken.</returns>
    internal static bool Skip(ref AvroCursor cursor, AvroStep step, int depth)
    {
        if (step.FixedBytes >= 0)
        {
            return cursor.Move(step.FixedBytes);
        }

        switch (step.Kind)
        {
            case AvroKind.Int: return cursor.ReadInt(out _);
            case AvroKind.Long: return cursor.ReadLong(out _);
            case AvroKind.Enum: return cursor.ReadIndex(step.Symbols.Length, out _);
            case AvroKind.Bytes or AvroKind.String: return cursor.ReadLength(out int bytes) && cursor.Move(bytes);
            case AvroKind.Union:
                return cursor.ReadIndex(step.Inner.Length, out int branch)
                    && Skip(ref cursor, step.Inner[branch], depth);
        }

        if (depth == AvroCursor.DepthMax)
        {
            cursor.IsTooDeep = true;
            return false;
        }

        return step.Kind == AvroKind.Record
            ? SkipFields(ref cursor, step, depth + 1)
            : SkipBlocks(ref cursor, step, depth + 1);
    }

    private static bool SkipFields(ref AvroCursor cursor, AvroStep step, int depth)
    {
        foreach (AvroStep field in step.Inner)
        {
            if (!Skip(ref cursor, field, depth))
            {
                return false;
            }
        }

        return true;
    }

    private static bool SkipBlocks(ref AvroCursor cursor, AvroStep step, int depth)
    {
        bool isMap = step.Kind == AvroKind.Map;
        AvroStep item = step.Inner[0];
        int fixedBytes = isMap ? -1 : item.FixedBytes;
        while (cursor.ReadBlock(fixedBytes < 0 ? 1 : fixedBytes, out long count, out int bytes))
        {
            if (count == 0)
            {
                return true;
            }

            if (bytes >= 0 || fixedBytes >= 0)
            {
                // What fits the payload fits an int; items of no bytes need no step at all.
                cursor.Move(bytes >= 0 ? bytes : (int)(fixedBytes * (fixedBytes == 0 ? 0 : count)));
                continue;
            }

            for (long i = 0; i < count; i++)
            {
                if ((isMap && !(cursor.ReadLength(out int key) && cursor.Move(key)))
                    || !Skip(ref cursor, item, depth))
                {
                    return false;
                }
            }
        }

        return false;
    }
}
