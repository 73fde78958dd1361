using System.Collections.Immutable;
using ContextGrid.Runtime.Ingestion;
using Microsoft.Extensions.Logging;

namespace ContextGrid.Runtime.Embedded;

/// <summary>Makes the readers of source partitions for a host.</summary>
internal sealed class HostIngestion
{
    private readonly EmbeddedHostOptions _options;
    private readonly IEventLog _log;
    private readonly IDeadLetterSink _deadLetters;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Dictionary<string, TopicIds> _ids;

    internal HostIngestion(
        EmbeddedHostOptions options,
        IEventLog log,
        IDeadLetterSink deadLetters,
        ImmutableArray<PartitionProgress> progress,
        TimeProvider time,
        ILogger logger)
    {
        (_options, _log, _deadLetters, _time, _logger) = (options, log, deadLetters, time, logger);
        Verdicts = new IdVerdicts(progress, time);
        _ids = HostStart.TopicIdsOf(options.Definitions, progress);
    }

    /// <summary>What is known of records by their ids, of partitions that are read here.</summary>
    internal IdVerdicts Verdicts { get; }

    /// <summary>The reader of a partition, which brings all its events to their shards.</summary>
    internal PartitionIngestor ReaderOf(PartitionProgress reading, IEventTarget target) => Make(
        reading,
        target,
        _deadLetters,
        new EventBatch(
            _options.Definitions, _options.Definitions.EventOf(reading.Partition.Topic), reading.Partition,
            _options.Decoders)
        {
            Verdicts = Verdicts.Begin(reading.Partition, reading.Next),
            TopicIds = _ids.GetValueOrDefault(reading.Partition.Topic),
        },
        countsEvents: true);

    /// <summary>The reader of a partition for shards that are behind: whoever reads the partition tells what ids say,
    /// and writes dead letters.</summary>
    internal PartitionIngestor BehindReaderOf(PartitionProgress reading, IEventTarget target) => Make(
        reading,
        target,
        NoDeadLetters.Instance,
        new EventBatch(
            _options.Definitions, _options.Definitions.EventOf(reading.Partition.Topic), reading.Partition,
            _options.Decoders),
        countsEvents: false);

    private PartitionIngestor Make(
        PartitionProgress reading,
        IEventTarget target,
        IDeadLetterSink deadLetters,
        EventBatch batch,
        bool countsEvents) =>
        new(_log, target, deadLetters, batch, reading, _options.Metrics, _time, _logger)
        {
            CountsEvents = countsEvents,
        };

    private sealed class NoDeadLetters : IDeadLetterSink
    {
        internal static readonly NoDeadLetters Instance = new();

        public ValueTask<RecordPosition> WriteAsync(DeadLetter letter, CancellationToken cancellationToken) =>
            new(default(RecordPosition));
    }
}
