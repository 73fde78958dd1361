namespace ContextGrid.Core.Model;

/// <summary>The unit of a number that is a time since the Unix epoch.</summary>
public enum TimeUnit
{
    /// <summary>Not stated: milliseconds, and a number that looks like another unit is refused.</summary>
    Unstated = 0,

    /// <summary><c>s</c>: seconds.</summary>
    Seconds,

    /// <summary><c>ms</c>: milliseconds.</summary>
    Milliseconds,

    /// <summary><c>us</c>: microseconds.</summary>
    Microseconds,

    /// <summary><c>ns</c>: nanoseconds.</summary>
    Nanoseconds,
}

/// <summary>How definitions write <see cref="TimeUnit"/>.</summary>
public static class TimeUnits
{
    /// <summary>The words, in the order of the units from <see cref="TimeUnit.Seconds"/> on.</summary>
    public static IReadOnlyList<string> Words { get; } = ["s", "ms", "us", "ns"];

    /// <summary>The unit's word; empty for <see cref="TimeUnit.Unstated"/>.</summary>
    public static string Word(TimeUnit unit) => unit == TimeUnit.Unstated ? "" : Words[(int)unit - 1];

    /// <summary>Reads a word.</summary>
    /// <returns>False when it is none; the unit is then unstated.</returns>
    public static bool TryParse(string word, out TimeUnit unit)
    {
        unit = TimeUnit.Unstated;
        for (int i = 0; i < Words.Count; i++)
        {
            unit = Words[i] == word ? (TimeUnit)(i + 1) : unit;
        }

        return unit != TimeUnit.Unstated;
    }
}
