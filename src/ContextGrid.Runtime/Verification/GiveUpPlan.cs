using ContextGrid.Core.Model;
using System.Globalization;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.Verification;

/// <summary>
/// What moves aside when the operator gives a damaged segment of the log up: it and every older one of its partition,
/// since readers need offsets that follow each other. State in a checkpoint that is past them stays; what no checkpoint
/// reflects becomes a declared gap; a rebuild and questions about the past see only what is left.
/// </summary>
/// <param name="report">Takes the findings.</param>
/// <param name="partitions">What the log has.</param>
/// <param name="state">What the checkpoints have.</param>
internal sealed class GiveUpPlan(VerifyReport report, IReadOnlyList<PartitionState> partitions, CheckpointsState state)
{
    /// <summary>The files to move, relative to the data directory.</summary>
    /// <param name="segments">The segments that the operator named, relative to the data directory.</param>
    /// <exception cref="VerifyException">One is no segment that can be given up.</exception>
    public IEnumerable<string> Paths(IReadOnlyList<string> segments)
    {
        var paths = new SortedSet<string>(StringComparer.Ordinal);
        foreach (string segment in segments)
        {
            string path = Path.GetFullPath(Path.Combine(report.Root, segment));
            PartitionState partition = partitions.FirstOrDefault(p => p.Directory == Path.GetDirectoryName(path))
                ?? throw Refused(segment, "it is no segment of a topic's partition");
            string[] files = [.. Directory.GetFiles(partition.Directory, "*.log").Order(StringComparer.Ordinal)];
            int place = Array.IndexOf(files, path);
            if (place < 0)
            {
                throw Refused(segment, "there is no such segment");
            }

            if (place == files.Length - 1)
            {
                throw Refused(
                    segment, "it is the newest of its partition, and the log would start again at offset 0. Restore a "
                    + "backup instead");
            }

            Say(partition, files[place + 1]);
            paths.UnionWith(files[..(place + 1)].SelectMany(FilesOf));
        }

        return paths.Except(report.Aside, StringComparer.Ordinal);
    }

    private IEnumerable<string> FilesOf(string segment)
    {
        string index = Path.ChangeExtension(segment, ".index");
        return File.Exists(index) ? [report.Relative(segment), report.Relative(index)] : [report.Relative(segment)];
    }

    private void Say(PartitionState partition, string first)
    {
        TopicPartition name = partition.Name;
        long start = long.Parse(Path.GetFileNameWithoutExtension(first), CultureInfo.InvariantCulture);
        CheckpointManifest? kept = state.SummaryOf(state.Sound) ?? state.SummaryOf(state.Taken);
        SourceProgress? source = kept?.Content.Sources.FirstOrDefault(
            s => s.Topic == name.Topic && s.Partition == name.Partition);
        long next = source?.NextOffset ?? 0;
        report.Info(
            partition.Directory, null, $"The segments before offset {start} are given up and moved aside.",
            next < start
                ? $"A start declares the offsets {next} to {start - 1} of {name.Topic}/{name.Partition} as a gap."
                : "The state of the checkpoint has all that they held; a rebuild would not.");
    }

    private static VerifyException Refused(string segment, string why) =>
        new(Sentence.End($"--give-up {segment} is refused: {why}"), isWrongUse: true);
}
