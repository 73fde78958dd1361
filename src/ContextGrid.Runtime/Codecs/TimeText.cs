using System.Globalization;
using System.Text;

namespace ContextGrid.Runtime.Codecs;

/// <summary>
/// Times that people and programs write as text: epoch milliseconds or RFC 3339, by the rules that events are read by.
/// </summary>
public static class TimeText
{
    /// <summary>What a time looks like, for messages.</summary>
    public const string Meant = "epoch milliseconds or an RFC 3339 time such as 2026-01-31T12:00:00Z";

    /// <summary>Reads a time; the whole text must be one.</summary>
    /// <param name="text">Digits, with a minus before 1970, or an RFC 3339 time.</param>
    /// <param name="milliseconds">Since the Unix epoch, within the years 1 to 9999; fractions are cut off.</param>
    /// <param name="wrong">Why it is none, as a clause without a full stop; empty when it is one.</param>
    public static bool TryParse(string text, out long milliseconds, out string wrong)
    {
        DecodeHint hint;
        bool isNumber = text.AsSpan().TrimStart('-').IndexOfAnyExceptInRange('0', '9') < 0
            && text.Length - text.AsSpan().TrimStart('-').Length < 2 && text is not ("" or "-");
        bool good;
        if (!isNumber)
        {
            good = Rfc3339.TryParse(Encoding.UTF8.GetBytes(text), out milliseconds, out hint);
        }
        else if (long.TryParse(
            text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number))
        {
            good = EventTime.TryGuess(number, out milliseconds, out hint);
        }
        else
        {
            (good, milliseconds) = (false, 0);
            hint = text[0] == '-' ? DecodeHint.BeforeYear1 : DecodeHint.AfterYear9999;
        }

        bool isAmbiguous = hint is >= DecodeHint.Year and <= DecodeHint.Nanoseconds;
        wrong = good ? ""
            : (hint is DecodeHint.Microseconds or DecodeHint.Nanoseconds ? "the time is out of range; " : "")
            + Explain(hint) + (isAmbiguous ? ", or write an RFC 3339 time such as 2026-01-31T12:00:00Z" : "");
        return good;
    }

    /// <summary>What a hint says, as a clause without a full stop.</summary>
    internal static string Explain(DecodeHint hint) => hint switch
    {
        DecodeHint.Year => "it looks like a year; epoch milliseconds were meant",
        DecodeHint.Date => "it looks like the digits of a date; epoch milliseconds were meant",
        DecodeHint.Seconds => "it looks like seconds; epoch milliseconds were meant: multiply by 1,000",
        DecodeHint.Microseconds => "it looks like microseconds; epoch milliseconds were meant: divide by 1,000",
        DecodeHint.Nanoseconds => "it looks like nanoseconds; epoch milliseconds were meant: divide by 1,000,000",
        DecodeHint.NumberInQuotes => "epoch milliseconds are a number: write it without quotes",
        DecodeHint.Fraction => "it has a fraction; epoch milliseconds are a whole number",
        DecodeHint.NoOffset => "an RFC 3339 text ends with Z or an offset such as +02:00",
        DecodeHint.OffsetColon => "the offset needs hours, a colon and minutes, such as +02:00",
        DecodeHint.NoSuchOffset => "the offset is out of range; it has at most 23 hours and 59 minutes",
        DecodeHint.NoSuchDay => "there is no such day in the calendar",
        DecodeHint.Hour24 => "hours go from 00 to 23; midnight is hour 00 of the next day",
        DecodeHint.NoSuchTime => "there is no such time of day; hours go to 23, minutes to 59 and seconds to 60",
        DecodeHint.DateOnly => "the time of day is missing; a time looks like 2026-01-31T12:00:00Z",
        DecodeHint.BeforeYear1 => "the time is out of range: it is before the year 1",
        DecodeHint.AfterYear9999 => "the time is out of range: it is after the year 9999",
        _ => "epoch milliseconds or an RFC 3339 text such as \"2026-01-31T12:00:00Z\" was meant",
    };
}
