using ContextGrid.Core.Model;

namespace ContextGrid.Core.Expressions;

/// <summary>Functions of timestamps; all in UTC.</summary>
internal static class TimeFunctions
{
    private const long HourMs = 3_600_000;
    private const long DayMs = 24 * HourMs;

    /// <summary>0 to 23.</summary>
    internal static Value HourOfDay(long timeMs) => Value.Of(FloorRemainder(timeMs, DayMs) / HourMs);

    /// <summary>1 for Monday to 7 for Sunday.</summary>
    internal static Value DayOfWeek(long timeMs)
    {
        long day = timeMs / DayMs - (timeMs % DayMs < 0 ? 1 : 0);

        // 1970-01-01 was a Thursday: three days after a Monday.
        return Value.Of(FloorRemainder(day + 3, 7) + 1);
    }

    private static long FloorRemainder(long value, long divisor)
    {
        long remainder = value % divisor;
        return remainder < 0 ? remainder + divisor : remainder;
    }
}
