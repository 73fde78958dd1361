using ContextGrid.Runtime.Files;

namespace ContextGrid.Runtime.Embedded.Log;

/// <summary>How a <see cref="FileEventLog"/> is set up.</summary>
public sealed record FileEventLogOptions
{
    /// <summary>The partitions of a topic for which no number is given.</summary>
    public const int PartitionsDefault = 4;

    /// <summary>The directory that holds the log; made when missing. One open log a directory.</summary>
    public required string Directory { get; init; }

    /// <summary>
    /// Topics to make sure of, with their number of partitions (1–1,024; 0: <see cref="PartitionsDefault"/>, or what
    /// the topic has). Topics that are in the directory and not named here are served as well. A number may grow and
    /// not shrink.
    /// </summary>
    public IReadOnlyDictionary<string, int> Topics { get; init; } = new Dictionary<string, int>();

    /// <summary>
    /// The size in bytes from which a segment takes no further commit; 4 KiB–1 GiB. 64 MiB: retention, which deletes
    /// whole segments, stays precise, and a segment without an index is scanned in a tenth of a second; larger ones
    /// only save file handles.
    /// </summary>
    public int SegmentBytesMax { get; init; } = 64 * 1024 * 1024;

    /// <summary>
    /// The age at which the active segment is closed by the next append, so that retention by time can work on a quiet
    /// topic; 0: never.
    /// </summary>
    public TimeSpan SegmentAgeMax { get; init; } = TimeSpan.FromHours(24);

    /// <summary>
    /// How long a record is kept at least after it was appended (not after its own timestamp, so that history can be
    /// loaded); 7 days, as Kafka does. Zero: unlimited. The active segment always stays.
    /// </summary>
    public TimeSpan RetentionTime { get; init; } = TimeSpan.FromDays(7);

    /// <summary>The bytes of a partition above which its oldest segments go; 0 (the default): unlimited.</summary>
    public long RetentionBytes { get; init; }

    /// <summary>How often retention is enforced besides on each new segment.</summary>
    public TimeSpan RetentionInterval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// How many bytes may wait to be written, and the largest size of one append call; 1 MiB–512 MiB. As much again may
    /// be under way to the disk.
    /// </summary>
    public int AppendBytesPendingMax { get; init; } = 32 * 1024 * 1024;

    /// <summary>How long an append waits for room among the pending bytes before it is refused as busy.</summary>
    public TimeSpan AppendWaitMax { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The most bytes that one read brings, except that one record always fits.</summary>
    public int ReadBytesMax { get; init; } = 1024 * 1024;

    /// <summary>The most records that one read brings.</summary>
    public int ReadRecordsMax { get; init; } = 10_000;

    /// <summary>Where the directory is.</summary>
    internal IFileSystem Files { get; init; } = DiskFileSystem.Instance;

    /// <summary>Throws when a value is out of its range.</summary>
    /// <exception cref="ArgumentException">Says which value, and its range.</exception>
    internal void Validate()
    {
        Check(SegmentBytesMax is >= 4096 and <= 1 << 30, nameof(SegmentBytesMax), "4 KiB to 1 GiB");
        Check(AppendBytesPendingMax is >= 1 << 20 and <= 1 << 29, nameof(AppendBytesPendingMax), "1 MiB to 512 MiB");
        Check(ReadBytesMax is >= 1024 and <= 1 << 28, nameof(ReadBytesMax), "1 KiB to 256 MiB");
        Check(ReadRecordsMax >= 1, nameof(ReadRecordsMax), "1 or more");
        Check(RetentionTime >= TimeSpan.Zero, nameof(RetentionTime), "zero or more");
        Check(RetentionBytes >= 0, nameof(RetentionBytes), "zero or more");
        Check(RetentionInterval > TimeSpan.Zero, nameof(RetentionInterval), "more than zero");
        foreach ((string topic, int partitions) in Topics)
        {
            Check(partitions is >= 0 and <= 1024, nameof(Topics), $"at most 1,024 partitions for '{topic}'");
            if (TopicName.Check(topic) is { } wrong)
            {
                throw new ArgumentException(wrong);
            }
        }
    }

    private static void Check(bool holds, string name, string range)
    {
        if (!holds)
        {
            throw new ArgumentException($"The log's option {name} must be {range}.");
        }
    }
}
