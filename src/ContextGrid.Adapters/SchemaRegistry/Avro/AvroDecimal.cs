using System.Buffers.Binary;
using System.Globalization;

namespace ContextGrid.Adapters.SchemaRegistry.Avro;

/// <summary>Reads decimals: a two's complement integer, big endian, with a scale. Allocates nothing.</summary>
internal static class AvroDecimal
{
    /// <summary>The longest integer: 154 digits, far beyond any amount.</summary>
    internal const int BytesMax = 64;

    private const uint Billion = 1_000_000_000;
    private const int DigitsAPart = 9;
    private const int WordsMax = BytesMax / sizeof(uint);
    private const int CharsMax = (WordsMax + 3) * (DigitsAPart + 1) + 16;

    /// <summary>The nearest double of integer · 10^−scale.</summary>
    /// <returns>False when the integer is longer than <see cref="BytesMax"/>, or the double would be
    /// infinite.</returns>
    internal static bool TryRead(ReadOnlySpan<byte> integer, int scale, out double value)
    {
        value = 0;
        if (integer.Length > BytesMax)
        {
            return false;
        }

        Span<uint> words = stackalloc uint[WordsMax];
        bool negative = Magnitude(integer, words);
        Span<byte> text = stackalloc byte[CharsMax];
        int at = CharsMax;
        WriteExponent(text, ref at, scale);
        do
        {
            uint part = DivideByBillion(words);
            for (int digit = 0; digit < DigitsAPart; digit++, part /= 10)
            {
                text[--at] = (byte)('0' + part % 10);
            }
        }
        while (words.ContainsAnyExcept(0u));
        if (negative)
        {
            text[--at] = (byte)'-';
        }

        return double.TryParse(text[at..], NumberStyles.Float, CultureInfo.InvariantCulture, out value)
            && double.IsFinite(value);
    }

    private static void WriteExponent(Span<byte> text, ref int at, int scale)
    {
        int left = scale;
        do
        {
            text[--at] = (byte)('0' + left % 10);
            left /= 10;
        }
        while (left > 0);
        text[--at] = (byte)'-';
        text[--at] = (byte)'e';
    }

    // The words are big endian; the bytes are extended by their sign and negated when they are negative.
    private static bool Magnitude(ReadOnlySpan<byte> integer, Span<uint> words)
    {
        bool negative = integer.Length > 0 && (integer[0] & 0x80) != 0;
        Span<byte> bytes = stackalloc byte[BytesMax];
        bytes.Fill(negative ? (byte)0xFF : (byte)0);
        integer.CopyTo(bytes[(BytesMax - integer.Length)..]);
        ulong carry = negative ? 1UL : 0;
        for (int i = WordsMax - 1; i >= 0; i--)
        {
            uint word = BinaryPrimitives.ReadUInt32BigEndian(bytes[(i * sizeof(uint))..]);
            ulong sum = (negative ? ~word : word) + carry;
            words[i] = (uint)sum;
            carry = sum >> 32;
        }

        return negative;
    }

    private static uint DivideByBillion(Span<uint> words)
    {
        ulong rest = 0;
        for (int i = 0; i < words.Length; i++)
        {
            ulong part = (rest << 32) | words[i];
            words[i] = (uint)(part / Billion);
            rest = part % Billion;
        }

        return (uint)rest;
    }
}
