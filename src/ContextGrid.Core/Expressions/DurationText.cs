using System.Globalization;

namespace ContextGrid.Core.Expressions;

/// <summary>Durations: a whole number and a unit, such as <c>5m</c>. A day has 24 hours and a week 7 days.</summary>
public static class DurationText
{
    // Longest first, so that printing finds the largest unit. Weeks are read but not printed: 14d reads better than 2w.
    private static readonly (string Unit, long Ms)[] Units =
        [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1), ("w", 604_800_000)];

    /// <summary>Reads a duration.</summary>
    /// <param name="text">Digits and one of ms, s, m, h, d, w, without a space between.</param>
    /// <param name="milliseconds">The duration; 0 when refused.</param>
    /// <returns>False when the text has another form or exceeds 64 bits of milliseconds.</returns>
    public static bool TryParse(string text, out long milliseconds)
    {
        milliseconds = 0;
        int digits = 0;
        while (digits < text.Length && char.IsAsciiDigit(text[digits]))
        {
            digits++;
        }

        foreach ((string unit, long ms) in Units)
        {
            if (unit == text[digits..]
                && long.TryParse(text[..digits], NumberStyles.None, CultureInfo.InvariantCulture, out long count)
                && count <= long.MaxValue / ms)
            {
                milliseconds = count * ms;
                return true;
            }
        }

        return false;
    }

    /// <summary>The duration in the largest unit, up to days, that divides it.</summary>
    /// <param name="milliseconds">At least 0.</param>
    public static string Print(long milliseconds)
    {
        foreach ((string unit, long ms) in Units)
        {
            if (milliseconds >= ms && milliseconds % ms == 0)
            {
                return (milliseconds / ms).ToString(CultureInfo.InvariantCulture) + unit;
            }
        }

        return "0s";
    }

    /// <summary>Whether the word is a unit of time.</summary>
    internal static bool IsUnit(string word) => Array.Exists(Units, u => u.Unit == word);
}
