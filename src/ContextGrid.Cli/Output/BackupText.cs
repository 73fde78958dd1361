using ContextGrid.Contracts.V1;

namespace ContextGrid.Cli.Output;

/// <summary>A backup for people.</summary>
public static class BackupText
{
    private static readonly string[] Columns = ["topic", "partition", "from offset", "to offset"];

    /// <summary>Writes what there is of it, and how to use it.</summary>
    public static void Write(CliConsole console, BackupSummary summary)
    {
        console.Out.WriteLine($"{Units.Printable(summary.Directory)}: {Units.Bytes(summary.Bytes)} in "
            + $"{Units.Count(summary.Files, "file")}, checkpoint {summary.CheckpointGeneration}; "
            + Units.Duration(summary.DurationMs));
        TextTable.Write(console, Columns, summary.Partitions.Select(Row));
        console.Out.WriteLine("Restore: start a server with --data on it, or on a copy of it.");
    }

    private static string[] Row(BackupPartition partition) =>
    [
        partition.Topic,
        Units.Count(partition.Partition),
        Units.Count(partition.FirstOffset),
        partition.EndOffset == partition.FirstOffset ? "-" : Units.Count(partition.EndOffset - 1),
    ];
}
