using ContextGrid.Core.Model;

namespace ContextGrid.Runtime.Codecs;

/// <summary>
/// Timestamps of RFC 3339: <c>2026-01-31T12:00:00.123+02:00</c>. The separator may be T, t or a space, the offset Z, z
/// or ±HH:MM. A fraction is cut to milliseconds. A leap second is the first second of the next minute.
/// </summary>
internal static class Rfc3339
{
    /// <summary>Reads a timestamp; the whole text must be one.</summary>
    /// <param name="text">The text, ASCII.</param>
    /// <param name="milliseconds">Since the Unix epoch.</param>
    /// <param name="hint">What is wrong.</param>
    internal static bool TryParse(ReadOnlySpan<byte> text, out long milliseconds, out DecodeHint hint)
    {
        milliseconds = 0;
        hint = DecodeHint.None;
        if (text.Length < 19 || text[4] != '-' || text[7] != '-'
            || text[10] is not ((byte)'T' or (byte)'t' or (byte)' ')
            || text[13] != ':' || text[16] != ':')
        {
            hint = text.Length > 0 && AllDigits(text[0] == '-' ? text[1..] : text) ? DecodeHint.NumberInQuotes
                : text.Length == 10 && text[4] == '-' && text[7] == '-' && AllDigits(text[..4]) ? DecodeHint.DateOnly
                : DecodeHint.None;
            return false;
        }

        int year = Number(text[..4]), month = Number(text[5..7]), day = Number(text[8..10]);
        int hour = Number(text[11..13]), minute = Number(text[14..16]), second = Number(text[17..19]);
        hint = Wrong(year, month, day, hour, minute, second);
        if (hint != DecodeHint.None || (year | month | day | hour | minute | second) < 0)
        {
            return false;
        }

        ReadOnlySpan<byte> rest = text[19..];
        if (!TryFraction(ref rest, out int fractionMs) || !TryOffset(rest, out int offsetMinutes, out hint))
        {
            return false;
        }

        long days = new DateTime(year, month, day).Ticks / TimeSpan.TicksPerDay;
        long minutes = days * 1440 + hour * 60 + minute - offsetMinutes;
        milliseconds = TimeRange.MinMs + minutes * 60_000 + second * 1_000 + fractionMs;
        return EventTime.IsInRange(milliseconds, out hint);
    }

    // What no calendar and no clock shows; nothing where a part is not a number, which is negative.
    private static DecodeHint Wrong(int year, int month, int day, int hour, int minute, int second)
    {
        bool noDay = month == 0 || month > 12 || day == 0 || day > 31
            || (year > 0 && month > 0 && day > DateTime.DaysInMonth(year, month));
        return year == 0 ? DecodeHint.BeforeYear1
            : noDay ? DecodeHint.NoSuchDay
            : hour == 24 ? DecodeHint.Hour24
            : hour > 24 || minute > 59 || second > 60 ? DecodeHint.NoSuchTime
            : DecodeHint.None;
    }

    private static bool TryFraction(ref ReadOnlySpan<byte> rest, out int milliseconds)
    {
        milliseconds = 0;
        if (rest.Length == 0 || rest[0] != '.')
        {
            return true;
        }

        int digits = 0;
        for (rest = rest[1..]; rest.Length > 0 && rest[0] is >= (byte)'0' and <= (byte)'9'; rest = rest[1..], digits++)
        {
            milliseconds = digits < 3 ? milliseconds * 10 + (rest[0] - '0') : milliseconds;
        }

        milliseconds *= digits == 1 ? 100 : digits == 2 ? 10 : 1;
        return digits > 0;
    }

    private static bool TryOffset(ReadOnlySpan<byte> rest, out int minutes, out DecodeHint hint)
    {
        minutes = 0;
        hint = rest.Length == 0 ? DecodeHint.NoOffset : DecodeHint.None;
        if (rest.Length == 1 && (rest[0] | 0x20) == 'z')
        {
            return true;
        }

        bool isSigned = rest.Length > 1 && rest[0] is (byte)'+' or (byte)'-';
        if (isSigned && rest.Length is 3 or 5 && AllDigits(rest[1..]))
        {
            hint = DecodeHint.OffsetColon;
            return false;
        }

        if (!isSigned || rest.Length != 6 || rest[3] != ':')
        {
            return false;
        }

        int hour = Number(rest[1..3]), minute = Number(rest[4..6]);
        minutes = (hour * 60 + minute) * (rest[0] == '-' ? -1 : 1);
        hint = hour > 23 || minute > 59 ? DecodeHint.NoSuchOffset : DecodeHint.None;
        return hour is >= 0 and <= 23 && minute is >= 0 and <= 59;
    }

    // −1,000,000 or less when a byte is not a digit, so that every range check fails.
    private static int Number(ReadOnlySpan<byte> digits)
    {
        int value = 0;
        foreach (byte digit in digits)
        {
            value = digit is >= (byte)'0' and <= (byte)'9' && value >= 0 ? value * 10 + (digit - '0') : -1_000_000;
        }

        return value;
    }

    private static bool AllDigits(ReadOnlySpan<byte> text) =>
        text.Length > 0 && text.IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0;
}
