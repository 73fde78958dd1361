using ContextGrid.Client;
using ContextGrid.Contracts.V1;

namespace ContextGrid.Cli.Output;

/// <summary>How a value came about, for people.</summary>
public static class Explanation
{
    /// <summary>Writes an explanation, the features that it reads indented below.</summary>
    public static void Write(TextWriter output, ExplainResponse explain, int depth = 0)
    {
        var indent = new string(' ', depth * 4);
        output.WriteLine(indent + explain.Definition);
        if (explain.Context is { } context)
        {
            foreach (var feature in new ContextResult(context).Entities.SelectMany(e => e))
            {
                output.WriteLine(
                    $"{indent}  value   {Units.Value(feature.Value)}  {Units.Status(feature.Status)}"
                    + (feature.EventTime is { } time ? $", newest event {Units.Time(time)}" : ""));
            }
        }

        if (explain.HasWindowEndMs)
        {
            var start = explain.HasWindowStartMs ? Units.Time(explain.WindowStartMs) : "the beginning";
            var tile = explain.TileMs == 0 ? "no tiles" : $"tiles of {Units.Duration(explain.TileMs)}";
            output.WriteLine($"{indent}  window  {start} to {Units.Time(explain.WindowEndMs)}, {tile}");
        }

        if (explain.Inputs.Count == 0)
            output.WriteLine($"{indent}  events  {Units.Count(explain.Events)}");
        foreach (var note in explain.Notes)
            output.WriteLine($"{indent}  {Units.Printable(note)}");
        foreach (var input in explain.Inputs)
            Write(output, input, depth + 1);
    }
}
