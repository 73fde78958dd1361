using ContextGrid.Core.Definitions;
using ContextGrid.Runtime.Codecs;
using ContextGrid.Runtime.Diagnostics;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Outputs;
using ContextGrid.Runtime.Topology;

namespace ContextGrid.Runtime.Embedded;

/// <summary>How an <see cref="EmbeddedHost"/> is set up.</summary>
public sealed record EmbeddedHostOptions
{
    /// <summary>The definitions.</summary>
    public required DefinitionSet Definitions { get; init; }

    /// <summary>The directory that holds log and checkpoints; made when missing. Empty: there is none, as both are
    /// elsewhere.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>Where the checkpoints are; null (the default): in the data directory.</summary>
    public SnapshotPlace? Snapshots { get; init; }

    /// <summary>
    /// Opens the log, which the host then owns; null (the default): it is made of files in the data directory.
    /// Partitions and retention of another log are its own affair.
    /// </summary>
    public Func<CancellationToken, ValueTask<IEventLog>>? Log { get; init; }

    /// <summary>
    /// Partitions of every source topic, 1–1,024; it may grow. 0 (the default): what a topic has, else 4.
    /// </summary>
    public int Partitions { get; init; }

    /// <summary>
    /// The time between checkpoints, default 5 seconds: what is read again after a crash is the events of so long (I9).
    /// </summary>
    public TimeSpan CheckpointInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The memory for entities and for what look-ups of others need, bytes; 0 (the default): unlimited. Entities beyond
    /// it live in the checkpoints and come back when an event or a query wants them.
    /// </summary>
    public long MemoryMaxBytes { get; init; }

    /// <summary>How long the log keeps records; zero: for ever. Default 30 days.</summary>
    public TimeSpan RetentionTime { get; init; } = TimeSpan.FromDays(30);

    /// <summary>The bytes of a partition above which its oldest records go; 0 (the default): unlimited.</summary>
    public long RetentionBytes { get; init; }

    /// <summary>The counters; whoever reads them listens from before the start on. The host disposes of them.</summary>
    public GridMetrics Metrics { get; init; } = new();

    /// <summary>Makes the decoders of events. Default: <see cref="PlainDecoders.Create"/>, which has no schema
    /// registry.
    /// </summary>
    public EventDecoderFactory Decoders { get; init; } = PlainDecoders.Create;

    /// <summary>Makes the encoders of outputs in other formats than JSON. Default: there is none, since they need a
    /// schema registry.</summary>
    public OutputEncoderFactory OutputEncoders { get; init; } = (output, selection) => throw new HostStartException(
        $"Output '{output.Name}' of entity '{selection.Plan.Definition.Name}' is written in {output.Format}, which "
        + "needs a schema registry: start with --schema-registry URL.");

    /// <summary>The data directory where it is open already, which the host then owns; null (the default): the host
    /// opens it.</summary>
    internal DataDirectory? Directory { get; init; }

    /// <summary>The other processes that share the shards; null (the default): this process has all of them.</summary>
    internal SharedShards? Cluster { get; init; }

    /// <summary>Whether the checkpoints are put aside and all state is built from the log again.</summary>
    public bool Rebuild { get; init; }
}
