namespace ContextGrid.Simulation.Tests.World;

/// <summary>What happened in a run, a line each.</summary>
internal sealed class Trace(TimeProvider clock)
{
    private readonly DateTimeOffset _start = clock.GetUtcNow();
    private readonly List<string> _lines = [];

    public IReadOnlyList<string> Lines => _lines;

    /// <summary>The time since the start.</summary>
    public string Now => $"{clock.GetUtcNow() - _start:hh\\:mm\\:ss\\.fff}";

    public void Note(string line) => _lines.Add($"{Now} {line}");
}
