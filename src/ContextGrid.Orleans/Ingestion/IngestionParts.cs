using System.Globalization;
using ContextGrid.Runtime.Codecs;
using ContextGrid.Runtime.Ingestion;
using Microsoft.Extensions.Logging;
using Orleans;

namespace ContextGrid.Orleans.Ingestion;

/// <summary>What reading partitions on a silo needs. Thread-safe.</summary>
internal sealed partial class IngestionParts
{
    private readonly ILogger _logger;

    internal IngestionParts(ILogger logger) => _logger = logger;

    /// <summary>The log.</summary>
    internal required IEventLog Log { get; init; }

    /// <summary>Definitions and plans.</summary>
    internal required GridContext Grid { get; init; }

    /// <summary>The cluster's members.</summary>
    internal required ClusterView View { get; init; }

    /// <summary>Makes grains.</summary>
    internal required IGrainFactory Grains { get; init; }

    /// <summary>Takes dead letters.</summary>
    internal required IDeadLetterSink DeadLetters { get; init; }

    /// <summary>Makes decoders.</summary>
    internal required EventDecoderFactory Decoders { get; init; }

    /// <summary>The clock.</summary>
    internal required TimeProvider Time { get; init; }

    /// <summary>The time between commits.</summary>
    internal required TimeSpan FlushInterval { get; init; }

    /// <summary>Names this silo to people.</summary>
    internal required string Silo { get; init; }

    /// <summary>Is told what goes wrong.</summary>
    internal ILogger Logger => _logger;

    /// <summary>The present time, milliseconds since the Unix epoch.</summary>
    internal long NowMs => Time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>The grain of a partition.</summary>
    internal IPartitionGrain GrainOf(TopicPartition partition) => Grains.GetGrain<IPartitionGrain>(
        string.Create(CultureInfo.InvariantCulture, $"{partition.Topic}/{partition.Partition}"));

    /// <summary>The ingestor of a partition.</summary>
    internal PartitionIngestor IngestorOf(PartitionProgress progress, IEventTarget target)
    {
        TopicPartition partition = progress.Partition;
        var batch = new EventBatch(
            Grid.Definitions, Grid.Definitions.EventOf(partition.Topic), partition, Decoders);
        return new PartitionIngestor(Log, target, DeadLetters, batch, progress, Grid.Metrics, Time, _logger);
    }

    /// <summary>Notes that a commit failed and is tried again.</summary>
    internal void LogCommitFailed(TopicPartition partition, string message, Exception? exception) =>
        LogCommitFailed(exception, partition.Topic, partition.Partition, message);

    [LoggerMessage(LogLevel.Warning, "{Topic}/{Partition}: no commit: {Message} It is tried again.")]
    private partial void LogCommitFailed(Exception? exception, string topic, int partition, string message);
}
