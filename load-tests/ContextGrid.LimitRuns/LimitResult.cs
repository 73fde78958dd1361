using System.Text.Json.Serialization;

namespace ContextGrid.LimitRuns;

/// <summary>What one run has shown. Latencies are p50, p99 and p99.9 in milliseconds, memory is in MiB.</summary>
internal sealed record LimitResult(
    string Name,
    string Before,
    string During,
    string After,
    long RssBefore,
    long RssDuring,
    long RssAfter,
    long Answered,
    long Refused,
    string Limits,
    string Newcomer,
    bool IsUp)
{
    /// <summary>The head of the table.</summary>
    internal const string Header =
        "| load | before, ms | during, ms | after, ms | memory, MiB | calls of the load | said no | a new client |\n"
        + "|---|---|---|---|---|---|---|---|";

    /// <summary>A row of the table.</summary>
    [JsonIgnore]
    internal string Row => FormattableString.Invariant(
        $"| {Name} | {Before} | {During} | {After} | {RssBefore} → {RssDuring} → {RssAfter} ")
        + FormattableString.Invariant($"| {Answered} OK, {Refused} refused | {Limits} | {Newcomer} |");
}
