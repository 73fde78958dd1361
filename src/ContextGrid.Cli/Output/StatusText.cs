using ContextGrid.Contracts.V1;

namespace ContextGrid.Cli.Output;

/// <summary>The server's state for people.</summary>
public static class StatusText
{
    private static readonly string[] SourceColumns = ["topic", "partition", "applied", "behind", "age", "gaps"];
    private static readonly string[] TypeColumns =
        ["entity type", "version", "entities", "in memory", "features", "freshness"];

    private static readonly string[] SiloSourceColumns = [.. SourceColumns, "read by", "held up by"];
    private static readonly string[] SiloColumns = ["silo", "status", ""];
    private static readonly string[] OutputColumns = ["output", "topic", "written", "waiting", "state"];

    /// <summary>Writes the state.</summary>
    public static void Write(CliConsole console, GetStatusResponse status)
    {
        var output = console.Out;
        output.WriteLine($"ContextGrid {status.Version}, up {Units.Duration(status.UptimeSeconds * 1000)}, "
            + (status.Ready ? "ready" : $"not ready: {status.NotReadyReason}"));
        output.WriteLine($"{Units.Count(status.EventsApplied, "event")} applied, "
            + $"{Units.Count((long)status.EventsPerSecond)} a second, {Units.Count(status.DeadLetters)} "
            + (status.DeadLetters == 1 ? "dead letter" : "dead letters")
            + (status.Counters.GetValueOrDefault("tombstones") is > 0 and var tombstones
                ? $", {Units.Count(tombstones, "tombstone")}" : ""));
        output.WriteLine(!status.HasCheckpointTimeMs
            ? "no checkpoint yet"
            : status.Silos.Count > 0 ? $"everything up to {Units.Time(status.CheckpointTimeMs)} is durable"
            : $"checkpoint {status.CheckpointGeneration} of {Units.Time(status.CheckpointTimeMs)}");
        if (status.Silos.Count == 0)
            WriteMemory(console, status);
        foreach (var sentence in status.CheckpointDamage)
            output.WriteLine("damaged: " + Units.Printable(sentence));
        foreach (var sentence in status.Notes)
            output.WriteLine("note: " + Units.Printable(sentence));
        foreach (var sentence in status.Recovery)
            output.WriteLine("at start: " + Units.Printable(sentence));
        TextTable.Write(console, TypeColumns, status.EntityTypes.Select(TypeRow));
        if (status.Silos.Count == 0)
            WriteSources(console, status);
        else
            WriteSilos(console, status);
        WriteIds(console, status);
        if (status.Outputs.Count > 0)
            TextTable.Write(console, OutputColumns, status.Outputs.Select(OutputRow));
    }

    private static void WriteIds(CliConsole console, GetStatusResponse status)
    {
        foreach (var topics in status.Sources.Where(s => s.IdScope != IdScope.None)
            .GroupBy(s => s.IdScope, s => s.Topic))
        {
            console.Out.WriteLine($"ids count once for each {(topics.Key == IdScope.Key ? "key" : "partition")}: "
                + string.Join(", ", topics.Distinct(StringComparer.Ordinal)));
        }

        if (status.Counters.GetValueOrDefault("events_id_on_other_partition") is > 0 and var elsewhere)
        {
            console.Out.WriteLine($"{Units.Count(elsewhere, "event")} had an id that another partition of the topic "
                + "had before, and counted again");
        }
    }

    private static void WriteMemory(CliConsole console, GetStatusResponse status)
    {
        if (status.Memory is not { } memory)
            return;

        console.Out.WriteLine($"entities take {Units.Bytes(memory.ResidentBytes)} of "
            + (memory.MaxBytes == 0 ? "unlimited memory" : $"{Units.Bytes(memory.MaxBytes)}")
            + $"; {Units.Count(memory.Activated)} came back, {Units.Count(memory.Passivated)} left, "
            + $"ingestion waited {Units.Count(memory.IngestionWaits, "time")}");
    }

    private static void WriteSources(CliConsole console, GetStatusResponse status)
    {
        TextTable.Write(console, SourceColumns, status.Sources.Select(SourceRow));
        foreach (var source in status.Sources.Where(s => s.Fault.Length > 0))
            console.Out.WriteLine($"held up: {source.Topic}/{source.Partition}: {Units.Printable(source.Fault)}");
    }

    private static void WriteSilos(CliConsole console, GetStatusResponse status)
    {
        TextTable.Write(
            console,
            SiloSourceColumns,
            status.Sources.Select(s => (string[])
            [
                .. SourceRow(s), s.Reader.Length == 0 ? "nobody" : s.Reader,
                s.Fault.Length == 0 ? "-" : Units.Printable(s.Fault),
            ]));
        TextTable.Write(
            console,
            SiloColumns,
            status.Silos.Where(s => s.Status != "Dead").Select(
                s => (string[])[s.Address, s.Status, s.IsThis ? "this one" : ""]));
        if (status.Silos.Count(s => s.Status == "Dead") is > 0 and var dead)
            console.Out.WriteLine($"{Units.Count(dead, "silo")} left or died in the last 10 minutes");
    }

    private static string[] TypeRow(EntityTypeStatus type) =>
    [
        type.Type,
        Units.Count(type.DefinitionVersion),
        Units.Count(type.Entities),
        Units.Count(type.Resident),
        Units.Count(type.Features),
        Units.Duration(type.FreshnessObjectiveMs),
    ];

    private static string[] SourceRow(SourceStatus source) =>
    [
        source.Topic,
        Units.Count(source.Partition),
        Units.Count(source.AppliedOffset),
        Units.Count(source.LagRecords),
        source.LagMs == 0 ? "-" : Units.Duration(source.LagMs),
        Units.Count(source.Gaps.Count),
    ];

    private static string[] OutputRow(OutputStatus output) =>
    [
        output.Name,
        output.Topic,
        Units.Count(output.Written),
        Units.Count(output.Waiting),
        output.Fault.Length > 0 ? Units.Printable(output.Fault) : output.WritesAll ? "writes all entities" : "-",
    ];
}
