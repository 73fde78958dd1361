using System.Text.Json;
using ContextGrid.Runtime.Verification;

namespace ContextGrid.Cli.Output;

/// <summary>What a check of a data directory has found, as JSON objects.</summary>
public static class VerifyJson
{
    /// <summary>Writes a finding.</summary>
    public static void Write(TextWriter output, Finding finding) => JsonLine.Write(output, json =>
    {
        json.WriteString("severity", VerifyText.Word(finding.Severity));
        json.WriteString("file", finding.File);
        if (finding.Offset is { } offset)
            json.WriteNumber("offset", offset);
        else
            json.WriteNull("offset");
        json.WriteString("what", finding.What);
        json.WriteString("at_start", finding.AtStart);
        json.WriteString("remedy", finding.Remedy);
    });

    /// <summary>Writes the summary: the last line.</summary>
    public static void Write(TextWriter output, VerifySummary summary) => JsonLine.Write(output, json =>
    {
        json.WriteBoolean("sound", summary.IsSound);
        json.WriteNumber("errors", summary.Errors);
        json.WriteNumber("warnings", summary.Warnings);
        json.WriteNumber("infos", summary.Infos);
        json.WriteNumber("bytes", summary.Bytes);
        json.WriteNumber("seconds", Math.Round(summary.Elapsed.TotalSeconds, 3));
        json.WriteNumber("megabytes_per_second", VerifyText.MegabytesPerSecond(summary));
        json.WriteString("next_start", summary.NextStart);
        json.WriteString("aside", summary.AsideDirectory);
        json.WriteStartArray("moved");
        foreach (var path in summary.Moved)
            json.WriteStringValue(path);
        json.WriteEndArray();
    });
}
