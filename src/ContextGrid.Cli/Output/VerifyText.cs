using System.Globalization;
using ContextGrid.Runtime.Verification;

namespace ContextGrid.Cli.Output;

/// <summary>What a check of a data directory has found, for people.</summary>
public static class VerifyText
{
    private static readonly string[] Columns = ["", "where", "what", "at a start", "what to do"];

    /// <summary>Writes findings and summary.</summary>
    public static void Write(CliConsole console, IReadOnlyCollection<Finding> findings, VerifySummary summary)
    {
        WriteFindings(console, findings);
        var output = console.Out;
        if (summary.AsideDirectory is not null)
        {
            output.WriteLine($"Moved to {summary.AsideDirectory}; moving a file back undoes it:");
            foreach (var path in summary.Moved)
                output.WriteLine("  " + Units.Printable(path));
        }

        output.WriteLine(Units.Printable(summary.NextStart));
        output.WriteLine(summary.IsSound
            ? $"Sound. {Effort(summary)}"
            : $"{Units.Count(summary.Errors, "error")}, {Units.Count(summary.Warnings, "warning")}. {Effort(summary)}");
    }

    /// <summary>Writes the findings as a table.</summary>
    public static void WriteFindings(CliConsole console, IReadOnlyCollection<Finding> findings)
    {
        if (findings.Count > 0)
            TextTable.Write(console, Columns, findings.Select(Row));
    }

    /// <summary>A severity as a word.</summary>
    public static string Word(FindingSeverity severity) => severity switch
    {
        FindingSeverity.Ok => "ok",
        FindingSeverity.Info => "info",
        FindingSeverity.Warning => "warning",
        _ => "error",
    };

    /// <summary>How fast it went.</summary>
    public static long MegabytesPerSecond(VerifySummary summary) =>
        (long)(summary.Bytes / 1e6 / Math.Max(summary.Elapsed.TotalSeconds, 1e-3));

    private static string Effort(VerifySummary summary) => string.Create(
        CultureInfo.InvariantCulture,
        $"{summary.Bytes / 1e6:N1} MB read in {Units.Duration(summary.Elapsed)}, "
        + $"{MegabytesPerSecond(summary):N0} MB/s.");

    private static string[] Row(Finding finding) =>
    [
        Word(finding.Severity),
        Units.Printable(finding.Offset is { } at
            ? string.Create(CultureInfo.InvariantCulture, $"{finding.File} at {at}")
            : finding.File),
        Units.Printable(finding.What),
        Units.Printable(finding.AtStart),
        Units.Printable(finding.Remedy),
    ];
}
