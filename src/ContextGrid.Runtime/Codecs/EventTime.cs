using ContextGrid.Core.Model;

namespace ContextGrid.Runtime.Codecs;

/// <summary>Reads timestamps and tells the usual mistakes from each other.</summary>
internal static class EventTime
{
    // A clock is hardly ever wrong by more than this when it is read in the wrong unit.
    private const long SimilarMs = 400L * 86_400_000;

    // Epoch seconds are told from early epoch milliseconds only where log times are of this century.
    private const long LogTimeMsMin = 978_307_200_000;

    /// <summary>Checks epoch milliseconds to be within the years 1 to 9999.</summary>
    internal static bool IsInRange(long milliseconds, out DecodeHint hint)
    {
        // Milliseconds of the year 9999 are less than microseconds of 1978 and nanoseconds of January 1970.
        long magnitude = Math.Abs(Math.Max(milliseconds, -long.MaxValue));
        hint = magnitude >= 100_000_000_000_000_000 ? DecodeHint.Nanoseconds : DecodeHint.Microseconds;
        return milliseconds is >= Rfc3339.MsMin and <= Rfc3339.MsMax;
    }

    /// <summary>The event time that the timestamp field's value stands for.</summary>
    /// <param name="value">A Timestamp, Int64, Double (whole) or String (RFC 3339); not null.</param>
    /// <param name="logTimeMs">The record's log time: seconds that look like now are refused.</param>
    /// <param name="timeMs">Milliseconds since the Unix epoch.</param>
    /// <param name="hint">What is wrong.</param>
    internal static bool TryRead(in Value value, long logTimeMs, out long timeMs, out DecodeHint hint)
    {
        if (value.Kind == ValueKind.String)
        {
            return Rfc3339.TryParse(value.Utf8, out timeMs, out hint);
        }

        timeMs = value.Int64;
        if (value.Kind == ValueKind.Double)
        {
            timeMs = Math.Abs(value.Double) < 9e15 ? (long)value.Double : long.MaxValue;
            if (timeMs != value.Double && timeMs != long.MaxValue)
            {
                hint = DecodeHint.Fraction;
                return false;
            }
        }

        if (!IsInRange(timeMs, out hint))
        {
            return false;
        }

        hint = DecodeHint.Seconds;
        return logTimeMs < LogTimeMsMin || timeMs < LogTimeMsMin / 1_000 - SimilarMs / 1_000
            || Math.Abs(timeMs * 1_000 - logTimeMs) > SimilarMs;
    }
}
