using System.Buffers.Binary;
using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Adapters.SchemaRegistry.Protobuf;

/// <summary>
/// Walks over one Protobuf payload. Each step returns false at the first byte that is wrong and leaves
/// <see cref="Hint"/> and <see cref="At"/> there. It never throws and never reads beyond <see cref="End"/>.
/// </summary>
internal ref struct ProtoCursor(ReadOnlySpan<byte> data)
{
    internal const int WireVarint = 0, Wire64 = 1, WireBytes = 2, WireGroup = 3, WireGroupEnd = 4, Wire32 = 5;

    /// <summary>A bit for each wire type of a value.</summary>
    internal const int AnyWire = 1 << WireVarint | 1 << Wire64 | 1 << WireBytes | 1 << WireGroup | 1 << Wire32;

    /// <summary>Messages inside each other: as JSON has it.</summary>
    internal const int DepthMax = 64;

    /// <summary>The payload.</summary>
    internal readonly ReadOnlySpan<byte> Data = data;

    /// <summary>The next byte to look at.</summary>
    internal int At = 0;

    /// <summary>Where the message ends that is being read.</summary>
    internal int End = data.Length;

    /// <summary>What was wrong.</summary>
    internal DecodeHint Hint = DecodeHint.None;

    /// <summary>Whether messages are nested too deep.</summary>
    internal bool IsTooDeep = false;

    /// <summary>Whether nothing is left of the message.</summary>
    internal readonly bool IsAtEnd => At == End;

    /// <summary>Stops the walk here.</summary>
    internal bool Fail(DecodeHint hint)
    {
        Hint = hint;
        return false;
    }

    /// <summary>Reads a number of 64 bits, at most ten bytes; bits beyond the 64 are dropped, as parsers do.</summary>
    internal bool ReadVarint(out ulong value)
    {
        value = 0;
        for (int shift = 0; shift < 70; shift += 7)
        {
            if (At == End)
            {
                return Fail(DecodeHint.CutShort);
            }

            byte b = Data[At++];
            value |= shift < 64 ? (ulong)(b & 0x7F) << shift : 0;
            if (b < 0x80)
            {
                return true;
            }
        }

        return Fail(DecodeHint.NumberTooLong);
    }

    /// <summary>Reads a field's number and wire type.</summary>
    internal bool ReadTag(out int number, out int wire)
    {
        bool good = ReadVarint(out ulong tag);
        number = (int)((tag & uint.MaxValue) >> 3);
        wire = (int)(tag & 7);
        return good && (tag <= uint.MaxValue && number > 0 && wire <= Wire32 || Fail(DecodeHint.BadTag));
    }

    /// <summary>Reads a length that fits what is left.</summary>
    internal bool ReadLength(out int length)
    {
        length = 0;
        if (!ReadVarint(out ulong value))
        {
            return false;
        }

        if (value > (ulong)(End - At))
        {
            return Fail(value > int.MaxValue ? DecodeHint.BadLength : DecodeHint.CutShort);
        }

        length = (int)value;
        return true;
    }

    /// <summary>Reads the bits of a value with a wire type that is no length.</summary>
    internal bool ReadBits(int wire, out ulong bits)
    {
        if (wire == WireVarint)
        {
            return ReadVarint(out bits);
        }

        int bytes = wire == Wire64 ? sizeof(ulong) : sizeof(uint);
        bits = 0;
        if (End - At < bytes)
        {
            return Fail(DecodeHint.CutShort);
        }

        bits = wire == Wire64
            ? BinaryPrimitives.ReadUInt64LittleEndian(Data[At..])
            : BinaryPrimitives.ReadUInt32LittleEndian(Data[At..]);
        At += bytes;
        return true;
    }

    /// <summary>Passes over a field behind its tag.</summary>
    internal bool Skip(int number, int wire, int depth)
    {
        switch (wire)
        {
            case WireBytes:
                if (!ReadLength(out int length))
                {
                    return false;
                }

                At += length;
                return true;
            case WireGroup:
                return SkipGroup(number, depth);
            case WireGroupEnd:
                return Fail(DecodeHint.BadGroup);
            default:
                return ReadBits(wire, out _);
        }
    }

    /// <summary>Whether the end of a group is that of the group that is being read; 0: none is.</summary>
    internal bool IsEndOf(int group, int number) => number == group && group > 0 || Fail(DecodeHint.BadGroup);

    private bool SkipGroup(int number, int depth)
    {
        if (depth == DepthMax)
        {
            IsTooDeep = true;
            return false;
        }

        while (!IsAtEnd)
        {
            if (!ReadTag(out int inner, out int wire))
            {
                return false;
            }

            if (wire == WireGroupEnd)
            {
                return inner == number || Fail(DecodeHint.BadGroup);
            }

            if (!Skip(inner, wire, depth + 1))
            {
                return false;
            }
        }

        return Fail(DecodeHint.BadGroup);
    }
}
