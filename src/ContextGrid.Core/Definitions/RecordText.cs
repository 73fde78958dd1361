using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text;
using ContextGrid.Core.Expressions;

namespace ContextGrid.Core.Definitions;

/// <summary>
/// The canonical text of a definition's records: every member that can be set, in ordinal order of names, by
/// reflection. So a member that is added is in the text without anybody's doing, and definitions that do not use it
/// keep theirs: what has the default of its type is left out.
/// </summary>
internal static class RecordText
{
    /// <summary>Appends the members of a record.</summary>
    /// <param name="text">Takes them, each after a space.</param>
    /// <param name="record">The record.</param>
    /// <param name="except">Names of members to leave out.</param>
    internal static void AppendMembers(StringBuilder text, object record, params ReadOnlySpan<string> except)
    {
        foreach (PropertyInfo member in MembersOf(record.GetType()))
        {
            if (!except.Contains(member.Name) && member.GetValue(record) is { } value && !IsDefault(value))
            {
                text.Append(' ').Append(member.Name).Append('=');
                AppendValue(text, value);
            }
        }
    }

    /// <summary>The members of a record that can be set, in ordinal order of names.</summary>
    internal static IEnumerable<PropertyInfo> MembersOf(Type record) => record
        .GetProperties(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance)
        .Where(p => p.CanWrite)
        .OrderBy(p => p.Name, StringComparer.Ordinal);

    private static void AppendValue(StringBuilder text, object value)
    {
        switch (value)
        {
            case string or Expression or FieldSource:
                AppendQuoted(text, value.ToString() ?? "");
                break;
            case Enum or IFormattable:
                text.Append(((IFormattable)value).ToString(null, CultureInfo.InvariantCulture));
                break;
            case bool:
                text.Append("true");
                break;
            case IEnumerable items:
                text.Append('[');
                foreach (object? item in items)
                {
                    AppendValue(text, item ?? "");
                    text.Append(',');
                }

                text.Append(']');
                break;
            default:
                text.Append('{');
                AppendMembers(text, value);
                text.Append('}');
                break;
        }
    }

    private static void AppendQuoted(StringBuilder text, string value) => text
        .Append('"')
        .Append(value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)
            .Replace("\n", "\\n", StringComparison.Ordinal))
        .Append('"');

    private static bool IsDefault(object value) => value switch
    {
        string => false,
        IEnumerable items => !items.GetEnumerator().MoveNext(),
        ValueType => value.Equals(Activator.CreateInstance(value.GetType())),
        _ => false,
    };
}
