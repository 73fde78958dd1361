using System.Globalization;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Embedded.Log;
using ContextGrid.Runtime.Files;
using ContextGrid.Runtime.Ingestion;
using Microsoft.Extensions.Logging;

namespace ContextGrid.Runtime.Embedded;

/// <summary>Steps of the start of an <see cref="EmbeddedHost"/>.</summary>
internal static class HostStart
{
    /// <summary>Whether an exception is a reason for people why the host can't start.</summary>
    internal static bool IsReason(Exception e) => e is DataDirectoryException or SnapshotStoreException
        or CheckpointCorruptException or EventLogException or IOException or UnauthorizedAccessException
        or ArgumentException;

    /// <summary>Renames the checkpoints, and says so.</summary>
    internal static List<string> PutAside(IFileSystem files, string checkpoints, TimeProvider time)
    {
        if (!files.DirectoryExists(checkpoints))
        {
            return [];
        }

        string old = checkpoints + ".old-"
            + time.GetUtcNow().ToString("yyyyMMddHHmmssfff", CultureInfo.InvariantCulture);
        files.MoveDirectory(checkpoints, old);
        files.SyncDirectory(Path.GetDirectoryName(checkpoints) ?? checkpoints);
        return [$"the checkpoints were put aside as {old}; state is built from the log again"];
    }

    /// <summary>Opens the log with the topics of the definitions and the dead letters.</summary>
    internal static FileEventLog OpenLog(
        EmbeddedHostOptions options, string path, HostPlatform platform)
    {
        Dictionary<string, int> topics = options.Definitions.Topics.ToDictionary(t => t, _ => options.Partitions);
        topics[DeadLetterTopic.Name] = 1;
        return FileEventLog.Open(
            platform.Log with
            {
                Directory = path,
                Topics = topics,
                RetentionTime = options.RetentionTime,
                RetentionBytes = options.RetentionBytes,
                Files = platform.Files,
            },
            platform.Time,
            platform.Loggers.CreateLogger<FileEventLog>());
    }
}
