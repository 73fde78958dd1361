using System.Globalization;
using System.Text;
using ContextGrid.Client;
using ContextGrid.Core.Model;

namespace ContextGrid.Cli.Output;

/// <summary>Times, durations and values as people read them. The culture is invariant.</summary>
public static class Units
{
    /// <summary>A duration with the one or two units that matter: "12 ms", "3.2 s", "4 m 10 s", "2 d 3 h".</summary>
    public static string Duration(TimeSpan span)
    {
        var sign = span < TimeSpan.Zero ? "-" : "";
        var d = span.Duration();
        var text = d switch
        {
            { TotalSeconds: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{d.TotalMilliseconds:0} ms"),
            { TotalMinutes: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{d.TotalSeconds:0.#} s"),
            { TotalHours: < 1 } => Two(d.Minutes, "m", d.Seconds, "s"),
            { TotalDays: < 1 } => Two(d.Hours, "h", d.Minutes, "m"),
            _ => Two(d.Days, "d", d.Hours, "h"),
        };
        return sign + text;
    }

    /// <summary>A duration of milliseconds.</summary>
    public static string Duration(long ms) => Duration(TimeSpan.FromMilliseconds(ms));

    /// <summary>A time to the millisecond in UTC, as RFC 3339; "-" for none.</summary>
    public static string Time(DateTimeOffset? time) =>
        time?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture) ?? "-";

    /// <summary>A time in milliseconds since the Unix epoch; "-" where it is not told.</summary>
    public static string Time(bool isTold, long ms) => isTold ? Time(ms) : "-";

    /// <summary>A time in milliseconds since the Unix epoch; a bound outside of the years 1 to 9999 as that number.
    /// </summary>
    public static string Time(long ms) => TimeRange.Contains(ms)
        ? Time(DateTimeOffset.FromUnixTimeMilliseconds(ms))
        : string.Create(CultureInfo.InvariantCulture, $"{ms} ms");

    /// <summary>A number that names something: without groups.</summary>
    public static string Id(long id) => id.ToString(CultureInfo.InvariantCulture);

    /// <summary>A count with groups of thousands.</summary>
    public static string Count(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>A count and what is counted: "1 event", "1,200 events".</summary>
    public static string Count(long count, string what) => $"{Count(count)} {what}{(count == 1 ? "" : "s")}";

    /// <summary>A number of bytes: "512 B", "3.2 MB", "1.5 GB"; units of 1,024.</summary>
    public static string Bytes(long bytes)
    {
        string[] units = ["B", "KB", "MB", "GB", "TB"];
        var unit = 0;
        double value = bytes;
        for (; value >= 1024 && unit < units.Length - 1; unit++)
            value /= 1024;
        return string.Create(CultureInfo.InvariantCulture, $"{value:0.#} {units[unit]}");
    }

    /// <summary>A value on one line; "-" for none.</summary>
    public static string Value(ContextValue? value)
    {
        switch (value?.Kind)
        {
            case null:
                return "-";
            case ContextValueKind.List:
                return "[" + string.Join(", ", value.AsList.Select(Value)) + "]";
            case ContextValueKind.Map:
                return "{" + string.Join(", ", value.AsMap.Select(e => $"{Value(e.Key)}: {Value(e.Value)}")) + "}";
            case ContextValueKind.Timestamp:
                return Time(value.AsTimestamp);
            case ContextValueKind.String:
                return Printable(value.AsString);
            case ContextValueKind.Boolean:
                return value.AsBoolean ? "true" : "false";
            case ContextValueKind.Double:
                return Number(value.AsDouble);
            default:
                return Convert.ToString(value.AsObject, CultureInfo.InvariantCulture) ?? "";
        }
    }

    /// <summary>A double in the fewest digits that name it, with an exponent only beyond 21 places.</summary>
    public static string Number(double value)
    {
        var shortest = value.ToString("R", CultureInfo.InvariantCulture);
        var at = shortest.IndexOf('E');
        if (at < 0)
            return shortest;
        var exponent = int.Parse(shortest.AsSpan(at + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        if (exponent is < -7 or > 20)
            return shortest;
        var sign = shortest[0] == '-' ? "-" : "";
        var digits = shortest[sign.Length..at].Replace(".", "", StringComparison.Ordinal);
        return exponent < 0
            ? sign + "0." + new string('0', -exponent - 1) + digits
            : sign + digits.PadRight(exponent + 1, '0');
    }

    /// <summary>A text without control characters, which could otherwise steer the terminal that shows it.</summary>
    public static string Printable(string text)
    {
        if (!text.Any(char.IsControl))
            return text;
        var safe = new StringBuilder(text.Length + 8);
        foreach (var c in text)
        {
            if (char.IsControl(c))
                safe.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else
                safe.Append(c);
        }

        return safe.ToString();
    }

    /// <summary>A status as the contract spells it, such as "NEVER_SEEN".</summary>
    public static string Status(Contracts.V1.FeatureStatus status) => status switch
    {
        Contracts.V1.FeatureStatus.Present => "PRESENT",
        Contracts.V1.FeatureStatus.Null => "NULL",
        Contracts.V1.FeatureStatus.NeverSeen => "NEVER_SEEN",
        Contracts.V1.FeatureStatus.Expired => "EXPIRED",
        Contracts.V1.FeatureStatus.Rebuilding => "REBUILDING",
        Contracts.V1.FeatureStatus.Masked => "MASKED",
        Contracts.V1.FeatureStatus.UnknownFeature => "UNKNOWN_FEATURE",
        _ => "UNSPECIFIED",
    };

    private static string Two(int large, string unit, int small, string smallUnit) =>
        small == 0 ? $"{large} {unit}" : $"{large} {unit} {small} {smallUnit}";
}
