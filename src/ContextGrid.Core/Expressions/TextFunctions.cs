using System.Text;
using ContextGrid.Core.Model;

namespace ContextGrid.Core.Expressions;

/// <summary>Functions of texts and lists.</summary>
internal static class TextFunctions
{
    /// <summary>
    /// The text with each Unicode scalar replaced by its simple (one to one) case mapping, independent of culture and
    /// context: so ß stays ß, and a final Σ becomes σ.
    /// </summary>
    internal static Value ChangeCase(in Value text, bool upper, ExpressionScratch scratch)
    {
        ReadOnlySpan<byte> source = text.Utf8;
        if (!NeedsChange(source, upper))
        {
            return text;
        }

        // A simple mapping changes the length of one scalar by at most one byte, and only of scalars of two or more.
        (byte[] bytes, int start) = scratch.Take(source.Length + source.Length / 2);
        int used = start;
        while (!source.IsEmpty)
        {
            byte first = source[0];
            if (first < 0x80)
            {
                bytes[used++] = upper ? AsciiUpper(first) : AsciiLower(first);
                source = source[1..];
                continue;
            }

            _ = Rune.DecodeFromUtf8(source, out Rune rune, out int consumed);
            Rune mapped = upper ? Rune.ToUpperInvariant(rune) : Rune.ToLowerInvariant(rune);
            used += mapped.EncodeToUtf8(bytes.AsSpan(used));
            source = source[consumed..];
        }

        return Value.Text(bytes, start, used - start);
    }

    /// <summary>Unicode scalars of a text, items of a list, categories of a map.</summary>
    internal static Value Length(in Value value)
    {
        if (value.Kind != ValueKind.String)
        {
            return Value.Of((long)(value.Kind == ValueKind.Map ? value.Items.Length / 2 : value.Items.Length));
        }

        long scalars = 0;
        foreach (byte b in value.Utf8)
        {
            scalars += (b & 0xC0) == 0x80 ? 0 : 1;
        }

        return Value.Of(scalars);
    }

    /// <summary>Whether a text has a part, or a list an item.</summary>
    internal static Value Contains(in Value container, in Value part)
    {
        if (container.Kind == ValueKind.String)
        {
            return Value.Of(container.Utf8.IndexOf(part.Utf8) >= 0);
        }

        foreach (Value item in container.Items)
        {
            if (OperandOrder.AreEqual(item, part))
            {
                return Value.Of(true);
            }
        }

        return Value.Of(false);
    }

    private static bool NeedsChange(ReadOnlySpan<byte> source, bool upper) =>
        source.IndexOfAnyInRange(upper ? (byte)'a' : (byte)'A', upper ? (byte)'z' : (byte)'Z') >= 0
        || source.IndexOfAnyInRange((byte)0x80, (byte)0xFF) >= 0;

    private static byte AsciiUpper(byte b) => b is >= (byte)'a' and <= (byte)'z' ? (byte)(b - 32) : b;

    private static byte AsciiLower(byte b) => b is >= (byte)'A' and <= (byte)'Z' ? (byte)(b + 32) : b;
}
