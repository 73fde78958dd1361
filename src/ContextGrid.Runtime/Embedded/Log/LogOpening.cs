using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.Embedded.Log;

/// <summary>
/// What an opened directory holds: its lock, the recovered partitions, and what was cut or found damaged.
/// </summary>
internal sealed record LogOpening(
    LogDirectory Directory, Dictionary<string, LogPartition[]> Topics, List<string> Recovered)
{
    /// <summary>Locks the directory, makes topics, and recovers each partition.</summary>
    /// <exception cref="EventLogException">The directory is in use, can't be written, or is damaged.</exception>
    public static LogOpening Open(FileEventLogOptions options, long nowMs)
    {
        var opening = new LogOpening(
            LogDirectory.Open(options.Files, options.Directory),
            new Dictionary<string, LogPartition[]>(StringComparer.Ordinal),
            []);
        try
        {
            foreach ((string topic, int count) in opening.Directory.EnsureTopics(options.Topics))
            {
                var partitions = new LogPartition[count];
                for (int i = 0; i < count; i++)
                {
                    var name = new TopicPartition(topic, i);
                    string path = opening.Directory.PartitionPath(name);
                    partitions[i] = PartitionRecovery.Open(
                        options.Files, name, path, nowMs, opening.Recovered);
                    opening.Topics[topic] = partitions[..(i + 1)];
                }
            }

            return opening;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            opening.Close();
            throw new EventLogException(
                EventLogError.Unavailable, $"The log in {options.Directory} can't be opened: {e.Message}", e);
        }
        catch (EventLogException)
        {
            opening.Close();
            throw;
        }
    }

    /// <summary>Closes the partitions and gives the lock back.</summary>
    public void Close()
    {
        foreach (LogPartition partition in Topics.Values.SelectMany(partitions => partitions))
        {
            partition.Dispose();
        }

        Directory.Dispose();
    }
}
