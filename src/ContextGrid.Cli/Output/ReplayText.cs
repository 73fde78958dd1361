using ContextGrid.Contracts.V1;

namespace ContextGrid.Cli.Output;

/// <summary>Replays for people.</summary>
public static class ReplayText
{
    private static readonly string[] Columns = ["id", "version", "keys", "state", "read", "events", "started", "ended"];
    private static readonly string[] PartitionColumns = ["topic", "partition", "whole from", "next", "end"];

    /// <summary>Writes a table of replays.</summary>
    public static void WriteList(CliConsole console, IReadOnlyList<Replay> replays)
    {
        if (replays.Count == 0)
            console.Out.WriteLine("There are no replays.");
        else
            TextTable.Write(console, Columns, replays.Select(Row));
    }

    /// <summary>Writes all about one replay.</summary>
    public static void Write(CliConsole console, Replay replay)
    {
        var output = console.Out;
        output.WriteLine($"id       {replay.Id}");
        output.WriteLine($"version  {Version(replay)}, {Units.Printable(Keys(replay))}");
        output.WriteLine($"state    {State(replay)}");
        output.WriteLine($"read     {Read(replay)}");
        output.WriteLine($"events   {Units.Count(replay.Events)}, dead letters {Units.Count(replay.Skipped)}");
        output.WriteLine($"started  {Units.Time(replay.HasStartedMs, replay.StartedMs)}");
        output.WriteLine($"ended    {Units.Time(replay.HasEndedMs, replay.EndedMs)}");
        output.WriteLine($"silo     {(replay.Silo.Length > 0 ? replay.Silo : "-")}");
        if (replay.Fault.Length > 0)
            output.WriteLine($"fault    {Units.Printable(replay.Fault)}");
        if (replay.Partitions.Count > 0)
            TextTable.Write(console, PartitionColumns, replay.Partitions.Select(PartitionRow));
    }

    /// <summary>How many offsets of the retained log it has read, and how many there were at its beginning.</summary>
    public static (long Done, long Total) Offsets(Replay replay) => (
        replay.Partitions.Sum(p => p.NextOffset - Math.Min(p.RetainedFrom, p.NextOffset)),
        replay.Partitions.Sum(p => p.EndOffset - Math.Min(p.RetainedFrom, p.EndOffset)));

    private static string Read(Replay replay)
    {
        var (done, total) = Offsets(replay);
        return replay.Partitions.Count == 0 ? "-" : ProgressLine.Percent(done, total);
    }

    private static string Version(Replay replay) => $"{replay.Type}@{replay.Version}";

    private static string Keys(Replay replay) => replay switch
    {
        { HasKey: true } => $"key {replay.Key}",
        { HasFromKey: true, HasToKey: true } => $"keys from {replay.FromKey} to before {replay.ToKey}",
        { HasFromKey: true } => $"keys from {replay.FromKey}",
        { HasToKey: true } => $"keys before {replay.ToKey}",
        _ => "all keys",
    };

    private static string State(Replay replay) => replay.Phase switch
    {
        ReplayPhase.ReplayRunning => "running",
        ReplayPhase.ReplayFinished => "finished",
        ReplayPhase.ReplayCancelled => "cancelled",
        ReplayPhase.ReplayFailed => "failed",
        _ => "-",
    };

    private static string[] Row(Replay replay) =>
    [
        replay.Id,
        Version(replay),
        Units.Printable(Keys(replay)),
        State(replay),
        Read(replay),
        Units.Count(replay.Events),
        Units.Time(replay.HasStartedMs, replay.StartedMs),
        Units.Time(replay.HasEndedMs, replay.EndedMs),
    ];

    private static string[] PartitionRow(ReplayPartition partition) =>
    [
        partition.Topic,
        Units.Count(partition.Partition),
        Units.Count(partition.RetainedFrom),
        Units.Count(partition.NextOffset),
        Units.Count(partition.EndOffset),
    ];
}
