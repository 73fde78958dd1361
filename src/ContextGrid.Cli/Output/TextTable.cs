using Spectre.Console;

namespace ContextGrid.Cli.Output;

/// <summary>A table for people, as wide as their terminal. The only place that loads Spectre.Console.</summary>
public static class TextTable
{
    /// <summary>Writes a table; cells are plain text.</summary>
    public static void Write(CliConsole console, string[] columns, IEnumerable<string[]> rows)
    {
        var output = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = console.OutIsTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = console.OutIsTerminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(console.Out),
        });
        output.Profile.Width = console.Width;
        var table = new Table().Border(TableBorder.Simple);
        foreach (var column in columns)
            table.AddColumn(new TableColumn(new Text(column)));
        foreach (var row in rows)
            table.AddRow(row.Select(cell => new Text(cell)));
        output.Write(table);
    }
}
