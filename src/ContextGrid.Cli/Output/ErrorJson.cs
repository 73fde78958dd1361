using ContextGrid.Core.Definitions;

namespace ContextGrid.Cli.Output;

/// <summary>An error of definitions as one JSON object.</summary>
public static class ErrorJson
{
    /// <summary>Writes file, line, column and message.</summary>
    public static void Write(TextWriter output, DefinitionError error) => JsonLine.Write(output, json =>
    {
        json.WriteString("file", error.File);
        json.WriteNumber("line", error.Line);
        json.WriteNumber("column", error.Column);
        json.WriteString("message", error.Message);
    });
}
