using System.Collections;
using System.Globalization;

namespace ContextGrid.TestKit.Oracle;

/// <summary>Plain values as text, for messages.</summary>
public static class OracleText
{
    /// <summary>The text of a value, the same under every culture.</summary>
    public static string Of(object? value) => value switch
    {
        null => "null",
        bool b => b ? "true" : "false",
        string s => "\"" + s + "\"",
        double d => Double(d),
        OracleTime time => $"@{time.Ms}",
        OracleCategory category => $"{Of(category.Key)}: {Of(category.Value)}",
        IEnumerable items when IsMap(items) => "{" + Join(items) + "}",
        IEnumerable items => "[" + Join(items) + "]",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };

    private static string Double(double value)
    {
        string text = value.ToString("R", CultureInfo.InvariantCulture);
        return text.AsSpan().IndexOfAny(".EeNI") < 0 ? text + ".0" : text;
    }

    private static bool IsMap(IEnumerable items) => items.Cast<object?>().FirstOrDefault() is OracleCategory;

    private static string Join(IEnumerable items) => string.Join(", ", items.Cast<object?>().Select(Of));
}
