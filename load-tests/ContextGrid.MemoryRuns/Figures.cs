using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Shards;

namespace ContextGrid.MemoryRuns;

/// <summary>What was measured: a line of a table at once, and all of it as a line of JSON at the end.</summary>
internal sealed class Figures(string run)
{
    private readonly Dictionary<string, object> _all = new(StringComparer.Ordinal) { ["run"] = run };

    /// <summary>Notes a figure; its unit is the last word of its name.</summary>
    internal void Add(string what, string name, double value)
    {
        double rounded = Math.Round(value, value < 100 ? 3 : 0);
        _all[name] = rounded;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what,-62} {rounded,14:#,0.###}"));
    }

    /// <summary>Notes the memory of this process and of its entities.</summary>
    internal void AddMemory(string when, EmbeddedHost host)
    {
        string name = when.Replace(' ', '_');
        using var process = Process.GetCurrentProcess();
        ShardEngine grid = host.Grid;
        Add($"{when}: resident memory of the process, MB", $"{name}_rss_mb", process.WorkingSet64 / 1048576.0);
        Add($"{when}: its most so far, MB", $"{name}_rss_peak_mb", process.PeakWorkingSet64 / 1048576.0);
        Add($"{when}: managed heap after a collection, MB", $"{name}_heap_mb", GC.GetTotalMemory(true) / 1048576.0);
        Add($"{when}: account of resident entities, MB", $"{name}_resident_mb", grid.ResidentBytes / 1048576.0);
        Add($"{when}: filters and tops of indexes, MB", $"{name}_lookup_mb", grid.LookupBytes / 1048576.0);
        Add($"{when}: entities", $"{name}_entities", grid.CountEntities(0));
        Add($"{when}: entities in memory", $"{name}_resident_entities", grid.CountResident(0));
    }

    /// <summary>Notes p50 and p99 of latencies, microseconds.</summary>
    internal void AddLatencies(string what, string name, List<double> micros)
    {
        micros.Sort();
        Add($"{what}: how many", $"{name}_count", micros.Count);
        if (micros.Count > 0)
        {
            Add($"{what}: p50, µs", $"{name}_p50_us", micros[micros.Count / 2]);
            Add($"{what}: p99, µs", $"{name}_p99_us", micros[(int)(micros.Count * 0.99)]);
        }
    }

    /// <summary>Prints the line of JSON.</summary>
    internal void PrintJson() => Console.WriteLine(JsonSerializer.Serialize(_all));
}
