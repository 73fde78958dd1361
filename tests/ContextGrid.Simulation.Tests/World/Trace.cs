using System.Text.RegularExpressions;

namespace ContextGrid.Simulation.Tests.World;

/// <summary>What happened in a run, a line each.</summary>
internal sealed partial class Trace(TimeProvider clock)
{
    private readonly DateTimeOffset _start = clock.GetUtcNow();
    private readonly List<string> _lines = [];

    public IReadOnlyList<string> Lines => _lines;

    /// <summary>The time since the start.</summary>
    public string Now => $"{clock.GetUtcNow() - _start:hh\\:mm\\:ss\\.fff}";

    // The names of files that are written aside are drawn by nobody's seed.
    public void Note(string line) => _lines.Add($"{Now} {DrawnName().Replace(line, "…")}");

    [GeneratedRegex("[0-9a-f]{32}")]
    private static partial Regex DrawnName();
}
