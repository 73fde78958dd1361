using System.Globalization;
using System.Text;

namespace ContextGrid.Core.Model;

/// <summary>Readable text for values, the same under every culture.</summary>
internal static class ValueText
{
    /// <summary>
    /// Formats a value: <c>null</c>, <c>true</c>, <c>1</c>, <c>1.5</c>, <c>"text"</c>, <c>[1, 2]</c>.
    /// </summary>
    internal static string Format(in Value value)
    {
        switch (value.Kind)
        {
            case ValueKind.Null: return "null";
            case ValueKind.Bool: return value.Bool ? "true" : "false";
            case ValueKind.Int64: return value.Int64.ToString(CultureInfo.InvariantCulture);
            case ValueKind.Double: return value.Double.ToString("R", CultureInfo.InvariantCulture);
            case ValueKind.Timestamp:
                return FormatTimestamp(value.Int64);
            case ValueKind.String: return "\"" + Encoding.UTF8.GetString(value.Utf8) + "\"";
        }

        var builder = new StringBuilder(value.Kind == ValueKind.Map ? "{" : "[");
        ReadOnlySpan<Value> items = value.Items;
        for (int i = 0; i < items.Length; i++)
        {
            bool afterKey = value.Kind == ValueKind.Map && i % 2 == 1;
            builder.Append(i == 0 ? "" : afterKey ? ": " : ", ").Append(Format(items[i]));
        }

        return builder.Append(value.Kind == ValueKind.Map ? '}' : ']').ToString();
    }

    private static string FormatTimestamp(long milliseconds) =>
        TimeRange.Contains(milliseconds)
            ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds)
                .ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture)
            : milliseconds.ToString(CultureInfo.InvariantCulture) + "ms";
}
