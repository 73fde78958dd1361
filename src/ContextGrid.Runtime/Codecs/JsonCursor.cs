using System.Buffers;
using System.Runtime.CompilerServices;

namespace ContextGrid.Runtime.Codecs;

/// <summary>
/// Walks over one JSON text (RFC 8259) without copying or allocating. Each step returns false at the first thing that
/// is not JSON and leaves <see cref="Error"/>, <see cref="Hint"/> and <see cref="At"/> there. It never throws.
/// </summary>
internal ref struct JsonCursor(ReadOnlySpan<byte> text)
{
    /// <summary>
    /// Objects and arrays inside each other. The open brackets are one bit each of a 64-bit number; deeper events are
    /// attacks or mistakes.
    /// </summary>
    internal const int DepthMax = 64;

    // What ends a run of plain characters in a text: the quote, an escape, and what must be escaped.
    private static readonly SearchValues<byte> TextStops = SearchValues.Create(
        [.. Enumerable.Range(0, 32).Select(b => (byte)b), (byte)'"', (byte)'\\']);

    /// <summary>The payload.</summary>
    internal readonly ReadOnlySpan<byte> Text = text;

    /// <summary>The next byte to look at; a byte order mark at the start is passed over.</summary>
    internal int At = ByteOrderMark.LengthOf(text);

    /// <summary>How many objects are open here, the outermost included.</summary>
    internal int Depth = 1;

    /// <summary>What stopped the walk.</summary>
    internal DecodeError Error = DecodeError.None;

    /// <summary>What exactly was wrong.</summary>
    internal DecodeHint Hint = DecodeHint.None;

    /// <summary>Where the first half surrogate pair stands; −1: none. It does not stop the walk.</summary>
    internal int LoneSurrogateAt = -1;

    /// <summary>Stops the walk here.</summary>
    internal bool Fail(DecodeHint hint, DecodeError error = DecodeError.InvalidJson)
    {
        Error = error;
        Hint = At >= Text.Length && hint >= DecodeHint.BadEscape ? DecodeHint.CutShort : hint;
        return false;
    }

    /// <summary>Stops the walk where an object was meant to start.</summary>
    internal bool FailStart()
    {
        if (At == Text.Length)
        {
            Error = DecodeError.InvalidJson;
            Hint = DecodeHint.Empty;
            return false;
        }

        int start = At;
        byte first = Text[At];
        bool isJson = first == '[' || SkipScalar(first);
        At = isJson ? start : At;
        return isJson ? Fail(DecodeHint.None, DecodeError.NotAnObject) : Fail(Hint);
    }

    /// <summary>Skips white space and returns the byte there; 0 at the end.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal byte Peek() => (uint)At < (uint)Text.Length && Text[At] > (byte)' ' ? Text[At] : PeekBehindSpace();

    private byte PeekBehindSpace()
    {
        for (; At < Text.Length; At++)
        {
            byte b = Text[At];
            if (b is not ((byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t'))
            {
                return b;
            }
        }

        return 0;
    }

    /// <summary>Moves behind bytes that stand here.</summary>
    internal bool TryTake(ReadOnlySpan<byte> bytes)
    {
        if (!Text[At..].StartsWith(bytes))
        {
            return false;
        }

        At += bytes.Length;
        return true;
    }

    /// <summary>Reads a member's name and the colon.</summary>
    internal bool ReadName(out JsonText name)
    {
        name = default;
        if (Peek() != '"')
        {
            return Fail(DecodeHint.ExpectedName);
        }

        if (!ReadText(out name))
        {
            return false;
        }

        if (Peek() != ':')
        {
            return Fail(DecodeHint.ExpectedColon);
        }

        At++;
        return true;
    }

    /// <summary>Reads a text; stands at its opening quote.</summary>
    internal bool ReadText(out JsonText token)
    {
        token = default;
        int start = ++At;
        bool escaped = false, broken = false;
        while (true)
        {
            int plain = Text[At..].IndexOfAny(TextStops);
            if (plain < 0)
            {
                At = Text.Length;
                return Fail(DecodeHint.CutShort);
            }

            At += plain;
            byte stop = Text[At];
            if (stop == '"')
            {
                token = new JsonText(start, At - start, escaped, broken);
                At++;
                return true;
            }

            if (stop != '\\')
            {
                return Fail(DecodeHint.ControlCharacter);
            }

            if (!SkipEscape(ref broken))
            {
                return false;
            }

            escaped = true;
        }
    }

    /// <summary>Reads <c>true</c>, <c>false</c> or <c>null</c>.</summary>
    internal bool ReadWord(ReadOnlySpan<byte> word)
    {
        if (!Text[At..].StartsWith(word))
        {
            // A word that is cut short is reported where the text ends.
            At = word.StartsWith(Text[At..]) ? Text.Length : At;
            return Fail(DecodeHint.ExpectedValue);
        }

        At += word.Length;
        return true;
    }

    /// <summary>Skips a value of a member of the innermost open object, checking that it is JSON.</summary>
    internal bool SkipValue()
    {
        ulong objects = 0;
        int depth = Depth;
        do
        {
            byte b = Peek();
            if (b is (byte)'{' or (byte)'[')
            {
                if (depth == DepthMax)
                {
                    return Fail(DecodeHint.None, DecodeError.TooDeep);
                }

                objects = (objects << 1) | (b == '{' ? 1UL : 0);
                depth++;
                At++;
                if (Peek() != (b == '{' ? '}' : ']'))
                {
                    if (b == '{' && !ReadName(out _))
                    {
                        return false;
                    }

                    continue;
                }
            }
            else if (!SkipScalar(b))
            {
                return false;
            }

            if (!CloseOrNext(ref objects, ref depth))
            {
                return false;
            }
        }
        while (depth > Depth);
        return true;
    }

    /// <summary>Skips a text, number, true, false or null that starts with the given byte.</summary>
    internal bool SkipScalar(byte first)
    {
        switch (first)
        {
            case (byte)'"': return ReadText(out _);
            case (byte)'t': return ReadWord("true"u8);
            case (byte)'f': return ReadWord("false"u8);
            case (byte)'n': return ReadWord("null"u8);
            case (byte)'N' or (byte)'I': return Fail(DecodeHint.NotFinite);
            case (byte)'-' or (>= (byte)'0' and <= (byte)'9'): return JsonNumber.TryRead(ref this, out _);
            case (byte)'+': return Fail(DecodeHint.LeadingZero);
            default: return Fail(DecodeHint.ExpectedValue);
        }
    }

    // After a value (or before the closing bracket of an empty one): closes brackets until another value follows, or
    // until all that were opened since the value's start are closed.
    private bool CloseOrNext(ref ulong objects, ref int depth)
    {
        while (depth > Depth)
        {
            bool inObject = (objects & 1) != 0;
            byte b = Peek();
            if (b == ',')
            {
                At++;
                return !inObject || ReadName(out _);
            }

            if (b != (inObject ? '}' : ']'))
            {
                return Fail(DecodeHint.ExpectedCommaOrEnd);
            }

            At++;
            depth--;
            objects >>= 1;
        }

        return true;
    }

    // Stands at the backslash and moves behind the escape.
    private bool SkipEscape(ref bool broken)
    {
        if (At + 1 >= Text.Length)
        {
            At = Text.Length;
            return Fail(DecodeHint.CutShort);
        }

        if (Text[At + 1] != 'u')
        {
            if (JsonText.Simple(Text[At + 1]) == 0)
            {
                return Fail(DecodeHint.BadEscape);
            }

            At += 2;
            return true;
        }

        int unit = EscapedUnit(At);
        if (unit < 0)
        {
            return Fail(DecodeHint.BadEscape);
        }

        bool pair = unit is >= 0xD800 and < 0xDC00 && EscapedUnit(At + 6) is >= 0xDC00 and < 0xE000;
        if (unit is >= 0xD800 and < 0xE000 && !pair)
        {
            broken = true;
            LoneSurrogateAt = LoneSurrogateAt < 0 ? At : LoneSurrogateAt;
        }

        At += pair ? 12 : 6;
        return true;
    }

    // The UTF-16 unit of the \uXXXX at a place; −1 when there is none.
    private readonly int EscapedUnit(int at) =>
        at + 6 <= Text.Length && Text[at] == '\\' && Text[at + 1] == 'u' ? JsonText.Hex(Text.Slice(at + 2, 4)) : -1;
}
