using System.Globalization;
using System.Text.Json;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Files;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.Embedded.Log;

/// <summary>
/// The log's directory: a lock file <c>~lock</c>, and for each topic a directory with <c>~topic.json</c> (how many
/// partitions) and one directory a partition.
/// </summary>
internal sealed class LogDirectory : IDisposable
{
    private readonly IFileSystem _files;
    private readonly string _root;
    private readonly IDisposable _lock;

    private LogDirectory(IFileSystem files, string root, IDisposable lockFile)
    {
        _files = files;
        _root = root;
        _lock = lockFile;
    }

    /// <summary>Makes the directory when missing, and locks it.</summary>
    /// <exception cref="EventLogException">Another process has it, or it can't be written.</exception>
    public static LogDirectory Open(IFileSystem files, string root)
    {
        root = Path.GetFullPath(root);
        try
        {
            files.CreateDurableDirectory(root);
            IDisposable held = files.Lock(Path.Combine(root, "~lock"));
            files.SyncDirectory(root);
            return new LogDirectory(files, root, held);
        }
        catch (UnauthorizedAccessException e)
        {
            throw Failure(
                $"The log's directory {root} can't be written: permission denied. Give this user the right to "
                + "write there, or choose another directory.", e);
        }
        catch (IOException e) when (IsLocked(e))
        {
            throw Failure($"The log's directory {root} is in use by another server. Stop that one, or choose another "
                + "directory.", e);
        }
        catch (IOException e)
        {
            throw Failure($"The log's directory {root} can't be used: {e.Message}", e);
        }
    }

    /// <summary>The topics that are there, with their number of partitions, after those asked for were made.</summary>
    /// <param name="wanted">Topics and numbers of partitions; 0: the default, or what there is.</param>
    /// <exception cref="EventLogException">A topic has more partitions than asked for.</exception>
    public SortedDictionary<string, int> EnsureTopics(IReadOnlyDictionary<string, int> wanted)
    {
        var topics = new SortedDictionary<string, int>(StringComparer.Ordinal);
        foreach (string directory in _files.ListDirectories(_root))
        {
            string description = DescriptionPath(directory);
            if (_files.FileExists(description))
            {
                topics[Path.GetFileName(directory)] = Read(description);
            }
        }

        foreach ((string topic, int partitions) in wanted)
        {
            int present = topics.GetValueOrDefault(topic);
            int count = partitions > 0 ? partitions : present > 0 ? present : FileEventLogOptions.PartitionsDefault;
            if (count < present)
            {
                throw Failure(
                    $"The topic '{topic}' has {present} partitions, and {count} were asked for. The number can "
                    + "grow and not shrink: ask for at least as many, or move the topic's directory away.");
            }

            if (count > present)
            {
                Write(Path.Combine(_root, topic), count);
                topics[topic] = count;
            }
        }

        return topics;
    }

    /// <summary>The directory of a partition; made when missing.</summary>
    public string PartitionPath(TopicPartition partition)
    {
        string path = Path.Combine(
            _root, partition.Topic, partition.Partition.ToString(CultureInfo.InvariantCulture));
        _files.CreateDurableDirectory(path);
        return path;
    }

    /// <summary>Gives the lock back.</summary>
    public void Dispose() => _lock.Dispose();

    private static string DescriptionPath(string directory) => Path.Combine(directory, "~topic.json");

    private int Read(string path)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(_files.ReadAllBytes(path));
            return document.RootElement.GetProperty("partitions").GetInt32();
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new EventLogException(
                EventLogError.Corrupt, $"{path} is not a topic's description such as {{\"partitions\": 4}}.", e);
        }
    }

    private void Write(string directory, int partitions)
    {
        _files.CreateDurableDirectory(directory);
        _files.WriteDurably(
            DescriptionPath(directory), JsonSerializer.SerializeToUtf8Bytes(new { version = 1, partitions }));
    }

    private static bool IsLocked(IOException e) => e.HResult is 11 or 35 or unchecked((int)0x80070020);

    private static EventLogException Failure(string message, Exception? inner = null) =>
        new(EventLogError.Unavailable, message, inner);
}
