using System.Buffers.Binary;
using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Adapters.SchemaRegistry.Avro;

/// <summary>
/// Walks over one Avro payload (binary encoding). Each step returns false at the first byte that is wrong and leaves
/// <see cref="Hint"/> and <see cref="At"/> there. It never throws and never reads beyond the payload.
/// </summary>
internal ref struct AvroCursor(ReadOnlySpan<byte> data)
{
    /// <summary>Records, arrays and maps inside each other: as JSON has it.</summary>
    internal const int DepthMax = 64;

    /// <summary>The payload.</summary>
    internal readonly ReadOnlySpan<byte> Data = data;

    /// <summary>The next byte to look at.</summary>
    internal int At = 0;

    /// <summary>What was wrong.</summary>
    internal DecodeHint Hint = DecodeHint.None;

    /// <summary>Whether the values are nested too deep.</summary>
    internal bool IsTooDeep = false;

    /// <summary>The bytes that are left.</summary>
    internal readonly int Left => Data.Length - At;

    /// <summary>Stops the walk here.</summary>
    internal bool Fail(DecodeHint hint)
    {
        Hint = hint;
        return false;
    }

    /// <summary>Moves over bytes.</summary>
    internal bool Move(int bytes)
    {
        if (bytes > Left)
        {
            At = Data.Length;
            return Fail(DecodeHint.CutShort);
        }

        At += bytes;
        return true;
    }

    /// <summary>Reads a zigzag number of 64 bits, at most ten bytes.</summary>
    internal bool ReadLong(out long value)
    {
        ulong raw = 0;
        value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            if (At == Data.Length)
            {
                return Fail(DecodeHint.CutShort);
            }

            byte b = Data[At++];
            if (shift == 63 && b > 1)
            {
                return Fail(DecodeHint.NumberTooLong);
            }

            raw |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80)
            {
                value = (long)(raw >> 1) ^ -(long)(raw & 1);
                return true;
            }
        }

        return Fail(DecodeHint.NumberTooLong);
    }

    /// <summary>Reads a zigzag number of 32 bits.</summary>
    internal bool ReadInt(out long value) =>
        ReadLong(out value) && (value is >= int.MinValue and <= int.MaxValue || Fail(DecodeHint.NumberTooLong));

    /// <summary>Reads a length that fits what is left.</summary>
    internal bool ReadLength(out int length)
    {
        length = 0;
        if (!ReadLong(out long value))
        {
            return false;
        }

        length = (int)Math.Clamp(value, 0, int.MaxValue);
        return value >= 0 && value <= Left || Fail(value < 0 ? DecodeHint.BadLength : DecodeHint.CutShort);
    }

    /// <summary>Reads an index below a bound.</summary>
    internal bool ReadIndex(int bound, out int index)
    {
        index = 0;
        if (!ReadLong(out long value))
        {
            return false;
        }

        index = (int)Math.Clamp(value, 0, bound);
        return value >= 0 && value < bound || Fail(DecodeHint.BadIndex);
    }

    /// <summary>Reads a boolean.</summary>
    internal bool ReadBool(out bool value)
    {
        byte b = At < Data.Length ? Data[At] : (byte)0;
        value = b == 1;
        return Move(1) && (b <= 1 || Fail(DecodeHint.BadBool));
    }

    /// <summary>Reads a double or, when it is short, a float.</summary>
    internal bool ReadReal(bool isShort, out double value)
    {
        int start = At;
        value = 0;
        if (!Move(isShort ? sizeof(float) : sizeof(double)))
        {
            return false;
        }

        value = isShort
            ? BinaryPrimitives.ReadSingleLittleEndian(Data[start..])
            : BinaryPrimitives.ReadDoubleLittleEndian(Data[start..]);
        return true;
    }

    /// <summary>Reads the head of a block of an array or map.</summary>
    /// <param name="bytesMin">The fewest bytes of an item: more items than fit are refused before the first.</param>
    /// <param name="count">How many items; 0: the end.</param>
    /// <param name="bytes">Their bytes when the block says it; else −1.</param>
    internal bool ReadBlock(int bytesMin, out long count, out int bytes)
    {
        bytes = -1;
        if (!ReadLong(out count))
        {
            return false;
        }

        if (count < 0)
        {
            count = count == long.MinValue ? long.MaxValue : -count;
            if (!ReadLength(out bytes))
            {
                return false;
            }
        }

        return bytesMin == 0 || count <= Left / bytesMin || Fail(DecodeHint.BadLength);
    }
}
