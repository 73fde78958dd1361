using ContextGrid.Core.Definitions;
using YamlDotNet.Core;

namespace ContextGrid.Runtime.Codecs;

/// <summary>Says in our words why YAML could not be read.</summary>
internal static class YamlFault
{
    /// <summary>Records a fault of the parser.</summary>
    internal static void Explain(YamlException fault, string file, string text, DefinitionErrors errors)
    {
        var place = new DefinitionPlace(file, Math.Max(1, (int)fault.Start.Line), Math.Max(1, (int)fault.Start.Column));
        if (fault.Message.Contains("tab", StringComparison.Ordinal) && FindTab(text, place) is { } tab)
        {
            errors.Add(tab, "a tab stands in the indentation; YAML indents by spaces");
            return;
        }

        string message = fault.Message.Length == 0
            ? "unexpected text"
            : char.ToLowerInvariant(fault.Message[0]) + fault.Message[1..].TrimEnd('.');
        errors.Add(place, $"this is not YAML: {message}");
    }

    /// <summary>The parser points at what stands before the tab, which is in the indentation of a later line.</summary>
    private static DefinitionPlace? FindTab(string text, DefinitionPlace start)
    {
        string[] lines = text.Split('\n');
        for (int i = start.Line - 1; i < lines.Length; i++)
        {
            int tab = lines[i].IndexOf('\t', StringComparison.Ordinal);
            if (tab >= 0 && string.IsNullOrWhiteSpace(lines[i][..tab]))
            {
                return start with { Line = i + 1, Column = tab + 1 };
            }
        }

        return null;
    }
}
