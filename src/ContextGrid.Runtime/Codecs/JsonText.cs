namespace ContextGrid.Runtime.Codecs;

/// <summary>A text as it stands in the payload, without its quotes.</summary>
/// <param name="Start">From the payload's start, in bytes.</param>
/// <param name="Length">In bytes, escapes included.</param>
/// <param name="Escaped">Whether it has escapes.</param>
/// <param name="Broken">Whether an escape in it is half of a surrogate pair.</param>
internal readonly record struct JsonText(int Start, int Length, bool Escaped, bool Broken)
{
    /// <summary>
    /// Writes the text without escapes. The escapes have been checked; half a surrogate pair becomes U+FFFD.
    /// </summary>
    /// <param name="source">The text as it stands in the payload.</param>
    /// <param name="target">At least as long: an escape is never shorter than what it means.</param>
    /// <returns>How many bytes were written.</returns>
    internal static int Unescape(ReadOnlySpan<byte> source, Span<byte> target)
    {
        int written = 0;
        for (int i = 0; i < source.Length;)
        {
            if (source[i] != '\\')
            {
                target[written++] = source[i++];
                continue;
            }

            byte kind = source[i + 1];
            if (kind != 'u')
            {
                target[written++] = Simple(kind);
                i += 2;
                continue;
            }

            int unit = Hex(source.Slice(i + 2, 4));
            i += 6;
            if (unit is >= 0xD800 and < 0xDC00 && i + 6 <= source.Length && source[i] == '\\' && source[i + 1] == 'u'
                && Hex(source.Slice(i + 2, 4)) is >= 0xDC00 and < 0xE000 and int low)
            {
                unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
                i += 6;
            }

            var rune = System.Text.Rune.IsValid(unit) ? new System.Text.Rune(unit) : System.Text.Rune.ReplacementChar;
            written += rune.EncodeToUtf8(target[written..]);
        }

        return written;
    }

    /// <summary>The number of four hexadecimal digits; −1 when one is not.</summary>
    internal static int Hex(ReadOnlySpan<byte> digits)
    {
        int value = 0;
        foreach (byte digit in digits)
        {
            int nibble = digit switch
            {
                >= (byte)'0' and <= (byte)'9' => digit - '0',
                >= (byte)'a' and <= (byte)'f' => digit - 'a' + 10,
                >= (byte)'A' and <= (byte)'F' => digit - 'A' + 10,
                _ => -1,
            };
            if (nibble < 0)
            {
                return -1;
            }

            value = (value << 4) | nibble;
        }

        return value;
    }

    /// <summary>What the escape of one letter means; 0 when there is no such escape.</summary>
    internal static byte Simple(byte kind) => kind switch
    {
        (byte)'"' or (byte)'\\' or (byte)'/' => kind,
        (byte)'b' => 8,
        (byte)'f' => 12,
        (byte)'n' => 10,
        (byte)'r' => 13,
        (byte)'t' => 9,
        _ => 0,
    };
}
