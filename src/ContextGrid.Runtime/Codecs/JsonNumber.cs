using System.Globalization;
using ContextGrid.Core.Model;

namespace ContextGrid.Runtime.Codecs;

/// <summary>
/// A number as it stands in the payload: ± <see cref="Digits"/> · 10^<see cref="Exponent"/>, with no needless zeros at
/// the end of the digits, so that <c>1</c>, <c>1.0</c> and <c>10e-1</c> are the same number.
/// </summary>
internal readonly struct JsonNumber
{
    // More digits than these are not kept; the exact value is then in the text only.
    private const int DigitsMax = 19;

    // An exponent beyond this makes any payload of 1 MiB zero or infinite; it also keeps the sums from overflowing.
    private const int ExponentMax = 10_000_000;

    private static readonly double[] PowersOfTen =
    [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
        1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    ];

    private JsonNumber(ulong digits, int exponent, bool negative, int lost)
    {
        Digits = digits;
        Exponent = exponent;
        Negative = negative;
        Lost = lost;
    }

    private ulong Digits { get; }

    private int Exponent { get; }

    private bool Negative { get; }

    // How many significant digits did not fit.
    private int Lost { get; }

    private bool Cut => Lost > 0;

    /// <summary>Whether the number is a whole number, of any size.</summary>
    internal bool IsWhole => Exponent >= Lost;

    /// <summary>Reads a number; the cursor stands at its first byte.</summary>
    internal static bool TryRead(ref JsonCursor cursor, out JsonNumber number)
    {
        number = default;
        ReadOnlySpan<byte> text = cursor.Text;
        bool negative = text[cursor.At] == '-';
        cursor.At += negative ? 1 : 0;
        var digits = new DigitRun();
        int start = cursor.At;
        cursor.At = digits.Read(text, cursor.At);
        if (cursor.At == start)
        {
            bool infinity = cursor.At < text.Length && text[cursor.At] is (byte)'I' or (byte)'N';
            return cursor.Fail(infinity ? DecodeHint.NotFinite : DecodeHint.BadNumber);
        }

        if (text[start] == '0' && cursor.At - start > 1)
        {
            cursor.At = start;
            return cursor.Fail(DecodeHint.LeadingZero);
        }

        int exponent = 0;
        if (!TryReadFraction(ref cursor, ref digits, out int fraction))
        {
            return false;
        }

        if (cursor.At < text.Length && (text[cursor.At] | 0x20) == 'e' && !TryReadExponent(ref cursor, out exponent))
        {
            return false;
        }

        // Zero has no exponent worth keeping.
        exponent = digits.Value == 0 ? 0 : exponent - fraction + digits.Dropped;
        number = new JsonNumber(digits.Value, exponent, negative, digits.Lost);
        return true;
    }

    /// <summary>The exact integer.</summary>
    /// <returns>False when the number has a fraction (see <see cref="IsWhole"/>) or does not fit 64 bits.</returns>
    internal bool TryToInt64(out long value)
    {
        value = 0;
        if (Exponent < 0 || Exponent > DigitsMax || Cut)
        {
            return false;
        }

        ulong magnitude = Digits;
        for (int i = 0; i < Exponent; i++)
        {
            if (magnitude > ulong.MaxValue / 10)
            {
                return false;
            }

            magnitude *= 10;
        }

        ulong limit = Negative ? 1UL << 63 : long.MaxValue;
        value = Negative ? unchecked(-(long)magnitude) : unchecked((long)magnitude);
        return magnitude <= limit;
    }

    /// <summary>
    /// The nearest double. Numbers of up to 53 bits and small powers of ten take one exact operation (Clinger, "How to
    /// read floating point numbers accurately", 1990); the rest take the platform's correctly rounding parser.
    /// </summary>
    /// <param name="text">The number as it stands in the payload.</param>
    /// <param name="value">The double; infinite when the number is too large.</param>
    /// <returns>False when it is too large.</returns>
    internal bool TryToDouble(ReadOnlySpan<byte> text, out double value)
    {
        if (!Cut && Digits <= 1UL << 53 && Exponent is >= -22 and <= 22)
        {
            double magnitude = Digits;
            magnitude = Exponent < 0 ? magnitude / PowersOfTen[-Exponent] : magnitude * PowersOfTen[Exponent];
            value = Negative ? -magnitude : magnitude;
            return true;
        }

        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value)
            && double.IsFinite(value);
    }

    /// <summary>The time that the number stands for, in milliseconds since the Unix epoch.</summary>
    /// <param name="unit">The unit that is declared. It takes fractions, which are cut off towards the past; without
    /// a unit they are refused.</param>
    /// <param name="milliseconds">The time.</param>
    /// <param name="hint">What is wrong.</param>
    internal bool TryToTime(TimeUnit unit, out long milliseconds, out DecodeHint hint)
    {
        if (unit == TimeUnit.Unstated)
        {
            if (!TryFloor(0, out long value))
            {
                milliseconds = 0;
                hint = OutOfRange;
                return false;
            }

            bool good = EventTime.TryGuess(value, out milliseconds, out hint);
            hint = good && !IsWhole ? DecodeHint.Fraction : hint;
            return good && IsWhole;
        }

        int shift = unit switch
        {
            TimeUnit.Seconds => 3, TimeUnit.Microseconds => -3, TimeUnit.Nanoseconds => -6, _ => 0,
        };
        hint = OutOfRange;
        return TryFloor(shift, out milliseconds) && EventTime.IsInRange(milliseconds, out hint);
    }

    private DecodeHint OutOfRange => Negative ? DecodeHint.BeforeYear1 : DecodeHint.AfterYear9999;

    // The number times ten to the power of the shift, cut to a whole number towards negative infinity.
    private bool TryFloor(int shift, out long value)
    {
        value = 0;
        int exponent = Digits == 0 ? 0 : Exponent + shift;
        ulong magnitude = Digits;
        bool isExact = !Cut;
        for (; exponent > 0; exponent--)
        {
            if (magnitude > ulong.MaxValue / 10)
            {
                return false;
            }

            magnitude *= 10;
        }

        for (; exponent < 0 && magnitude > 0; exponent++)
        {
            isExact &= magnitude % 10 == 0;
            magnitude /= 10;
        }

        magnitude += Negative && !isExact ? 1UL : 0;
        value = Negative ? unchecked(-(long)magnitude) : unchecked((long)magnitude);
        return magnitude <= long.MaxValue;
    }

    // Stands behind the whole part; without a point there is no fraction.
    private static bool TryReadFraction(ref JsonCursor cursor, ref DigitRun digits, out int fraction)
    {
        fraction = 0;
        if (cursor.At == cursor.Text.Length || cursor.Text[cursor.At] != '.')
        {
            return true;
        }

        int from = ++cursor.At;
        cursor.At = digits.Read(cursor.Text, from);
        fraction = cursor.At - from;
        return fraction > 0 || cursor.Fail(DecodeHint.BadNumber);
    }

    // Stands at the letter e.
    private static bool TryReadExponent(ref JsonCursor cursor, out int exponent)
    {
        exponent = 0;
        ReadOnlySpan<byte> text = cursor.Text;
        cursor.At++;
        bool negative = cursor.At < text.Length && text[cursor.At] == '-';
        cursor.At += negative || (cursor.At < text.Length && text[cursor.At] == '+') ? 1 : 0;
        int start = cursor.At;
        for (; cursor.At < text.Length && text[cursor.At] is >= (byte)'0' and <= (byte)'9'; cursor.At++)
        {
            exponent = Math.Min(exponent * 10 + (text[cursor.At] - '0'), ExponentMax);
        }

        exponent = negative ? -exponent : exponent;
        return cursor.At > start || cursor.Fail(DecodeHint.BadNumber);
    }
}
