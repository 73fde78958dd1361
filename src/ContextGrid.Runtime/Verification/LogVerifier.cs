using System.Globalization;
using System.Text.Json;
using ContextGrid.Runtime.Embedded.Log;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.Verification;

/// <summary>Checks the event log of a data directory: descriptions of topics, then each partition.</summary>
/// <param name="report">Takes the findings.</param>
/// <param name="root">The log's directory.</param>
internal sealed class LogVerifier(VerifyReport report, string root)
{
    private const string LockFile = "~lock";
    private const int PartitionsMax = 1024;

    /// <summary>Checks every topic.</summary>
    /// <returns>The partitions that the topics' descriptions name, in order of topic and number.</returns>
    public IReadOnlyList<PartitionState> Verify(CancellationToken cancellationToken)
    {
        var partitions = new List<PartitionState>();
        if (!Directory.Exists(root))
        {
            report.Info(root, null, "There is no log yet.", "A start makes an empty one.");
            return partitions;
        }

        foreach (string file in Directory.EnumerateFiles(root).Where(f => Path.GetFileName(f) != LockFile))
        {
            report.Warning(
                file, null, "It is no file of a log.", "A start leaves it alone.", "Move it elsewhere if it is yours.");
        }

        foreach (string topic in Directory.EnumerateDirectories(root).Order(StringComparer.Ordinal))
        {
            VerifyTopic(topic, partitions, cancellationToken);
        }

        return partitions;
    }

    private void VerifyTopic(string directory, List<PartitionState> partitions, CancellationToken cancellationToken)
    {
        string topic = Path.GetFileName(directory);
        if (TopicName.Check(topic) is { } wrong)
        {
            report.Warning(
                directory, null, wrong, "A start that does not know the topic reads it all the same.",
                "Move the directory elsewhere if it is yours.");
        }

        int count = ReadDescription(directory);
        for (int i = 0; i < count; i++)
        {
            string path = Path.Combine(directory, i.ToString(CultureInfo.InvariantCulture));
            partitions.Add(new PartitionVerifier(report, new TopicPartition(topic, i), path).Verify(cancellationToken));
        }

        foreach (string path in Directory.EnumerateFileSystemEntries(directory).Order(StringComparer.Ordinal))
        {
            VerifyEntry(path, count);
        }
    }

    private void VerifyEntry(string path, int partitions)
    {
        string name = Path.GetFileName(path);
        bool isNumber = int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            && name == number.ToString(CultureInfo.InvariantCulture);
        if (name == LogDirectory.DescriptionFile || (isNumber && number < partitions && Directory.Exists(path)))
        {
            return;
        }

        if (name == LogDirectory.DescriptionFile + ".new")
        {
            report.Info(path, null, "A crash has interrupted a change of the topic's description.",
                "A start leaves it alone.", "Nothing needs it; --repair moves it aside.");
            report.MayMove(path);
        }
        else if (isNumber && Directory.Exists(path) && Directory.EnumerateFiles(path, "*.log").Any())
        {
            report.Error(
                path, null, $"The topic has {partitions} partitions, so that nobody reads the records in here.",
                "A start leaves it alone.",
                $"Restore {LogDirectory.DescriptionFile} of the topic, or ask for more partitions.");
        }
        else
        {
            report.Warning(path, null, "It belongs to no partition of the topic.",
                "A start leaves it alone.", "Move it elsewhere if it is yours.");
        }
    }

    /// <summary>The topic's number of partitions; 0 when nothing says it.</summary>
    private int ReadDescription(string directory)
    {
        string path = Path.Combine(directory, LogDirectory.DescriptionFile);
        if (!File.Exists(path))
        {
            report.Error(
                path, null, "The topic's description is missing, so that its number of partitions is not known.",
                "A start makes a new one with the number that it is asked for, 4 by default.",
                "Write {\"version\":1,\"partitions\":N} into it, N being the number of directories.");
            return CountDirectories(directory);
        }

        try
        {
            byte[] bytes = File.ReadAllBytes(path);
            report.Bytes += bytes.Length;
            using JsonDocument document = JsonDocument.Parse(bytes);
            int version = document.RootElement.GetProperty("version").GetInt32();
            int partitions = document.RootElement.GetProperty("partitions").GetInt32();
            if (version == 1 && partitions is >= 1 and <= PartitionsMax && document.RootElement.GetPropertyCount() == 2)
            {
                return partitions;
            }
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException
            or FormatException)
        {
            // Said below, as for a description that is JSON and says something else.
        }

        report.Error(
            path, 0, "It is not a topic's description such as {\"version\":1,\"partitions\":4}.",
            "A start may refuse, or take a wrong number of partitions.",
            "Write {\"version\":1,\"partitions\":N} into it, N being the number of directories.");
        return CountDirectories(directory);
    }

    private static int CountDirectories(string directory)
    {
        int count = 0;
        while (count < PartitionsMax
            && Directory.Exists(Path.Combine(directory, count.ToString(CultureInfo.InvariantCulture))))
        {
            count++;
        }

        return count;
    }
}
