using System.Collections;
using System.Globalization;
using System.Text;
using ContextGrid.Core.Model;
using ContextGrid.Runtime.Queries;
using ContextGrid.TestKit.Oracle;

namespace ContextGrid.Runtime.Tests.Embedded;

/// <summary>Answers as texts, so that two of them can be compared and shown.</summary>
internal static class Answers
{
    /// <summary>All that an answer says of one entity.</summary>
    internal static string Text(ContextAnswer answer, int index)
    {
        ContextAnswer.EntityHeader header = answer.Header(index);
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"newest {header.NewestMs} skipped {header.SkippedEvents}");
        foreach (Position position in answer.Positions(index))
        {
            text.Append(CultureInfo.InvariantCulture, $" {position.Source}@{position.Offset}");
        }

        for (int i = 0; i < answer.Values(index).Length; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $" | {Text(CoreValues.FromCore(answer.Values(index)[i]))}");
            text.Append(CultureInfo.InvariantCulture, $" {answer.Statuses(index)[i]} {answer.EventTimesMs(index)[i]}");
        }

        return text.ToString();
    }

    private static string Text(object? value) => value switch
    {
        null => "null",
        string s => s,
        OracleCategory category => $"{Text(category.Key)}={Text(category.Value)}",
        IEnumerable items => string.Join(",", items.Cast<object?>().Select(Text)),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };
}
