using ContextGrid.Runtime.Embedded;

namespace ContextGrid.Adapters.Kafka;

/// <summary>How a <see cref="KafkaEventLog"/> is set up.</summary>
public sealed record KafkaOptions
{
    /// <summary>Brokers to begin with, <c>host:port</c>, separated by commas.</summary>
    public required string BootstrapServers { get; init; }

    /// <summary>
    /// Client properties, as <see cref="KafkaProperties"/> reads them: security, time-outs, fetch sizes. What exactness
    /// depends on can't be set here.
    /// </summary>
    public IReadOnlyDictionary<string, string> Properties { get; init; } = new Dictionary<string, string>();

    /// <summary>The consumer group whose offsets are written for lag tools; default <c>contextgrid</c>; empty:
    /// none.</summary>
    public string Group { get; init; } = "contextgrid";

    /// <summary>What to do when wanted offsets are gone, by topic.</summary>
    public IReadOnlyDictionary<string, LostOffsets> LostOffsets { get; init; } =
        new Dictionary<string, LostOffsets>();

    /// <summary>What to do with other topics; default: go on at the earliest retained offset.</summary>
    public LostOffsets LostOffsetsDefault { get; init; } = Kafka.LostOffsets.Earliest;

    /// <summary>
    /// The topic that the log's <see cref="DeadLetterTopic.Name"/> is; default: of the same name. Of several servers on
    /// the same brokers each needs one of its own.
    /// </summary>
    public string DeadLetters { get; init; } = DeadLetterTopic.Name;

    /// <summary>The topics that are made when they are missing, with their numbers of partitions.</summary>
    public IReadOnlyDictionary<string, int> Create { get; init; } = new Dictionary<string, int>();

    /// <summary>
    /// The same for compacted topics: the newest record of each key stays for ever.
    /// </summary>
    public IReadOnlyDictionary<string, int> CreateCompacted { get; init; } = new Dictionary<string, int>();

    /// <summary>
    /// Records of a partition that wait to be taken, at most; default 8,192. A partition that is not taken from is
    /// paused.
    /// </summary>
    public int BufferedRecordsMax { get; init; } = 8192;

    /// <summary>Their bytes, at most, beside the last record; default 4 MiB.</summary>
    public int BufferedBytesMax { get; init; } = 4 << 20;

    /// <summary>
    /// How long a question to the brokers, or the delivery of a record, takes at most; default 30 s.
    /// </summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The time between two looks at the ends of the partitions that are read; default 1 s.</summary>
    public TimeSpan LookInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The topics all of whose partitions are to be read: one that gets more is told.</summary>
    public IReadOnlyCollection<string> Sources { get; init; } = [];

    /// <summary>The time between two looks for partitions that were added; default 10 s.</summary>
    public TimeSpan GrowthInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>What to do with a topic.</summary>
    internal LostOffsets LostOffsetsOf(string topic) => LostOffsets.GetValueOrDefault(topic, LostOffsetsDefault);
}

/// <summary>What to do when offsets that were not read yet are no longer retained. Each way is declared (I8).</summary>
public enum LostOffsets
{
    /// <summary>Declare the gap and go on at the first retained offset.</summary>
    Earliest,

    /// <summary>Declare the gap and go on at the end: what is retained is left out as well.</summary>
    Latest,

    /// <summary>Stop the partition until somebody decides.</summary>
    Fail,
}
