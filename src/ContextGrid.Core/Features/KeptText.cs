using System.Text;
using ContextGrid.Core.Expressions;
using ContextGrid.Core.Model;

namespace ContextGrid.Core.Features;

/// <summary>
/// The form in which a text is kept: whole up to <see cref="BytesMax"/>; of a longer one the beginning, an ellipsis and
/// the 64-bit hash of the whole in 16 hexadecimal digits. So one event can't make a state large, and two long texts
/// never become one. No whole text is as long as a cut one, so the length tells them apart.
/// </summary>
internal static class KeptText
{
    /// <summary>
    /// The longest text that is kept whole, in bytes of UTF-8; few URLs are longer than half of it.
    /// </summary>
    internal const int BytesMax = 4_096;

    /// <summary>The longest form of a longer one.</summary>
    internal const int CutBytesMax = BytesMax + EllipsisBytes + HashDigits;

    private const int EllipsisBytes = 3;
    private const int HashDigits = 16;

    /// <summary>The value as it is kept; a text that is cut lives in <paramref name="scratch"/>.</summary>
    internal static Value Of(in Value value, ExpressionScratch scratch) =>
        value.Kind == ValueKind.String && value.Utf8.Length > BytesMax ? Cut(value.Utf8, scratch) : value;

    /// <summary>Whether a value is, or has as an item, a text that was cut.</summary>
    internal static bool IsCut(in Value value)
    {
        if (value.Kind == ValueKind.String)
        {
            return value.Utf8.Length > BytesMax;
        }

        foreach (Value item in value.Items)
        {
            if (IsCut(item))
            {
                return true;
            }
        }

        return false;
    }

    private static Value Cut(ReadOnlySpan<byte> text, ExpressionScratch scratch)
    {
        // The beginning ends before a character, and is so long that the cut form is longer than any whole text.
        int length = BytesMax;
        while ((text[length] & 0xC0) == 0x80)
        {
            length--;
        }

        (byte[] bytes, int start) = scratch.Take(CutBytesMax);
        Span<byte> cut = bytes.AsSpan(start, length + EllipsisBytes + HashDigits);
        text[..length].CopyTo(cut);
        new Rune('…').EncodeToUtf8(cut[length..]);
        ulong hash = StableHash.Of(text);
        for (int i = cut.Length - 1; i >= length + EllipsisBytes; i--, hash >>= 4)
        {
            cut[i] = "0123456789abcdef"u8[(int)(hash & 15)];
        }

        return Value.Text(bytes, start, cut.Length);
    }
}
