using ContextGrid.Core.Model;

namespace ContextGrid.Runtime.Codecs;

/// <summary>
/// Makes times of numbers, and tells the usual mistakes from each other: the one place where that is decided, for every
/// encoding and for the command line.
/// </summary>
internal static class EventTime
{
    // Numbers within a day of the epoch are a clock that was reset, or a test; as seconds they end in September 1972.
    private const long NearEpochMs = 86_400_000;

    // Seconds until the year 5138, milliseconds from March 1973 on: where nobody says, it takes this many for
    // milliseconds. The next units follow in steps of a thousand.
    private const long SecondsEnd = 100_000_000_000;
    private const long MillisecondsEnd = SecondsEnd * 1_000;
    private const long MicrosecondsEnd = MillisecondsEnd * 1_000;

    // What is hardly beyond the year 9999 was meant as that, and not as microseconds of the year 1978.
    private const long NearRangeEnd = 300_000_000_000_000;

    /// <summary>Checks epoch milliseconds to be within the years 1 to 9999.</summary>
    internal static bool IsInRange(long milliseconds, out DecodeHint hint)
    {
        hint = milliseconds < TimeRange.MinMs ? DecodeHint.BeforeYear1 : DecodeHint.AfterYear9999;
        return TimeRange.Contains(milliseconds);
    }

    /// <summary>The time of a number that a definition or a schema speaks about.</summary>
    /// <param name="value">Since the Unix epoch.</param>
    /// <param name="unit">The number's unit; unstated: milliseconds.</param>
    /// <param name="isCertain">Whether a unit that looks wrong is taken all the same.</param>
    /// <param name="milliseconds">Since the Unix epoch; fractions are cut off, towards the past.</param>
    /// <param name="hint">What is wrong.</param>
    internal static bool TryConvert(
        long value, TimeUnit unit, bool isCertain, out long milliseconds, out DecodeHint hint)
    {
        milliseconds = unit switch
        {
            TimeUnit.Seconds => Math.Abs(Math.Max(value, -long.MaxValue)) < MillisecondsEnd
                ? value * 1_000
                : value < 0 ? long.MinValue : long.MaxValue,
            TimeUnit.Microseconds => TimeMath.FloorDiv(value, 1_000),
            TimeUnit.Nanoseconds => TimeMath.FloorDiv(value, 1_000_000),
            _ => value,
        };
        bool good = IsInRange(milliseconds, out hint);
        DecodeHint ambiguity = isCertain ? DecodeHint.None : Ambiguity(value, unit, good);
        hint = ambiguity == DecodeHint.None ? hint : ambiguity;
        return good && ambiguity == DecodeHint.None;
    }

    /// <summary>The time of a number without a word about its unit: milliseconds, unless it looks like something else.
    /// </summary>
    internal static bool TryGuess(long value, out long milliseconds, out DecodeHint hint) =>
        TryConvert(value, TimeUnit.Unstated, isCertain: false, out milliseconds, out hint);

    /// <summary>The event time that the timestamp field's value stands for.</summary>
    /// <param name="value">A Timestamp, which was checked when it was read, an Int64 or a String (RFC 3339); not null.
    /// </param>
    /// <param name="unit">The unit of an Int64.</param>
    /// <param name="timeMs">Milliseconds since the Unix epoch.</param>
    /// <param name="hint">What is wrong.</param>
    internal static bool TryRead(in Value value, TimeUnit unit, out long timeMs, out DecodeHint hint)
    {
        if (value.Kind == ValueKind.String)
        {
            return Rfc3339.TryParse(value.Utf8, out timeMs, out hint);
        }

        if (value.Kind == ValueKind.Timestamp)
        {
            timeMs = value.Int64;
            return IsInRange(timeMs, out hint);
        }

        return TryConvert(value.Int64, unit, unit != TimeUnit.Unstated, out timeMs, out hint);
    }

    // What the number looks like, if that is not the unit.
    private static DecodeHint Ambiguity(long value, TimeUnit unit, bool isInRange)
    {
        long magnitude = Math.Abs(Math.Max(value, -long.MaxValue));
        bool isMs = unit is TimeUnit.Unstated or TimeUnit.Milliseconds;
        if (isMs && LooksLikeDate(value, out DecodeHint date))
        {
            return date;
        }

        if (magnitude < NearEpochMs)
        {
            return DecodeHint.None;
        }

        (TimeUnit looks, DecodeHint hint) = magnitude switch
        {
            < SecondsEnd => (TimeUnit.Seconds, DecodeHint.Seconds),
            < MillisecondsEnd => (TimeUnit.Milliseconds, DecodeHint.Milliseconds),
            < MicrosecondsEnd => (TimeUnit.Microseconds, DecodeHint.Microseconds),
            _ => (TimeUnit.Nanoseconds, DecodeHint.Nanoseconds),
        };
        TimeUnit stated = isMs ? TimeUnit.Milliseconds : unit;
        bool isFiner = looks > stated && !isInRange && (!isMs || magnitude >= NearRangeEnd);
        return looks < stated || isFiner ? hint : DecodeHint.None;
    }

    // 2026, 20260131 and 20260131120000: as milliseconds 1970-01-01 and the year 2612.
    private static bool LooksLikeDate(long value, out DecodeHint hint)
    {
        hint = value is >= 1_900 and < 2_200 ? DecodeHint.Year : DecodeHint.None;
        long date = value is >= 19_000_000_000_000 and < 22_000_000_000_000 && IsTimeOfDay(value % 1_000_000)
            ? value / 1_000_000
            : value;
        if (date is >= 19_000_000 and < 22_000_000)
        {
            long month = date / 100 % 100, day = date % 100;
            hint = month is >= 1 and <= 12 && day is >= 1 and <= 31 ? DecodeHint.Date : hint;
        }

        return hint != DecodeHint.None;
    }

    private static bool IsTimeOfDay(long digits) =>
        digits / 10_000 < 24 && digits / 100 % 100 < 60 && digits % 100 < 60;
}
