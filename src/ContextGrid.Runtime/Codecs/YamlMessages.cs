using YamlDotNet.Core;

namespace ContextGrid.Runtime.Codecs;

/// <summary>Says in our words why YAML could not be read.</summary>
internal static class YamlMessages
{
    /// <summary>The message for a fault of the parser.</summary>
    internal static string Explain(YamlException fault, string text)
    {
        string line = text.Split('\n').ElementAtOrDefault((int)fault.Start.Line - 1) ?? "";
        bool hasTab = line.AsSpan()[..(line.Length - line.AsSpan().TrimStart().Length)].Contains('\t');
        return hasTab
            ? "a tab stands in the indentation; YAML indents by spaces"
            : $"this is not YAML: {Lower(fault.Message)}";
    }

    private static string Lower(string message) =>
        message.Length == 0 ? message : char.ToLowerInvariant(message[0]) + message[1..].TrimEnd('.');
}
