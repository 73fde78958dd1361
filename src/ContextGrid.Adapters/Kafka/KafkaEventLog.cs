using System.Collections.Concurrent;
using System.Collections.Immutable;
using Confluent.Kafka;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Ingestion;
using Microsoft.Extensions.Logging;
using TopicPartition = ContextGrid.Runtime.Ingestion.TopicPartition;

namespace ContextGrid.Adapters.Kafka;

/// <summary>
/// The event log on Apache Kafka: only committed records are read, positions are the caller's, and what the brokers no
/// longer have is said. Owns its clients and the task that looks at the ends of what is read.
/// </summary>
public sealed partial class KafkaEventLog : IEventLog
{
    // A client that asks brokers that are away can't be closed before it has given up; nobody waits for that.
    private static readonly TimeSpan CloseMax = TimeSpan.FromSeconds(5);

    private readonly KafkaOptions _options;
    private readonly KafkaQueries _queries;
    private readonly KafkaAppender _appender;
    private readonly KafkaReaders _readers;
    private readonly ConcurrentDictionary<string, int> _partitions = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _closing = new();
    private readonly GroupOffsets? _offsets;
    private readonly TopicGrowth _growth;
    private readonly Task _looking;
    private readonly ILogger _logger;
    private ImmutableArray<string> _notes = [];

    private KafkaEventLog(KafkaOptions options, TimeProvider time, ILogger logger)
    {
        (_options, _logger) = (options, logger);
        _queries = new KafkaQueries(options);
        _appender = new KafkaAppender(options);
        _readers = new KafkaReaders(
            this, _queries, new CompactionProbe(_queries, options), options, time, logger);
        _offsets = options.Group.Length > 0 ? new GroupOffsets(_queries, options.Group, logger) : null;
        _growth = new TopicGrowth(_queries, options.Sources, _partitions, logger);
        _looking = Task.WhenAll(
            _readers.LookAsync(_closing.Token),
            _offsets?.WriteAsync(options.LookInterval, time, _closing.Token) ?? Task.CompletedTask,
            _growth.LookAsync(options.GrowthInterval, time, _closing.Token));
    }

    /// <summary>Connects to the brokers, and looks whether their user may do what is needed.</summary>
    /// <exception cref="KafkaOptionsException">The settings can't be used.</exception>
    /// <exception cref="EventLogException">The brokers can't be reached or refuse, or rights are missing.</exception>
    public static async ValueTask<KafkaEventLog> OpenAsync(
        KafkaOptions options, TimeProvider time, ILogger logger, CancellationToken cancellationToken)
    {
        KafkaEventLog? log = null;
        try
        {
            log = new KafkaEventLog(options, time, logger);
            await log.LookAtRightsAsync(cancellationToken);
            return log;
        }
        catch (Exception e) when (log is null && e is InvalidOperationException or ArgumentException)
        {
            throw new KafkaOptionsException($"The Kafka properties can't be used: {e.Message}", e);
        }
        catch
        {
            await (log?.DisposeAsync() ?? ValueTask.CompletedTask);
            throw;
        }
    }

    /// <summary>Writes durable positions as the offsets of the consumer group from now on, once a second.</summary>
    /// <param name="durable">Gives each partition with the next offset after what is durable; any thread.</param>
    public void ShowDurable(Func<IEnumerable<(TopicPartition Partition, long Next)>> durable)
    {
        if (_offsets is not null)
        {
            _offsets.Durable = durable;
        }
    }

    /// <inheritdoc/>
    public TimeSpan? SharedAppendMax => _options.Patience;

    /// <inheritdoc/>
    public async ValueTask<int> CountPartitionsAsync(string topic, CancellationToken cancellationToken)
    {
        int count = await _queries.CountPartitionsAsync(NameOf(topic), cancellationToken);
        _partitions[NameOf(topic)] = count;
        return count;
    }

    /// <inheritdoc/>
    public string? Incomplete => _growth.Sentence;

    /// <inheritdoc/>
    public IReadOnlyList<string> Notes => _offsets?.Fault is { } fault ? [.. _notes, fault] : _notes;

    /// <inheritdoc/>
    public IReadOnlyCollection<string> Compacted { get; private set; } = [];

    /// <inheritdoc/>
    public async ValueTask CreateMissingAsync(CancellationToken cancellationToken)
    {
        await CreateAsync(_options.Create, isCompacted: false, cancellationToken);
        await CreateAsync(_options.CreateCompacted, isCompacted: true, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<LogRange> GetRangeAsync(TopicPartition partition, CancellationToken cancellationToken) =>
        _queries.GetRangeAsync(NameOf(partition), cancellationToken);

    /// <inheritdoc/>
    public async ValueTask AppendAsync(
        string topic,
        ReadOnlyMemory<LogRecord> records,
        Memory<RecordPosition> positions,
        CancellationToken cancellationToken)
    {
        int partitions = await KnownPartitionsAsync(topic, cancellationToken);
        await _appender.AppendAsync(NameOf(topic), partitions, records, positions, cancellationToken);
    }

    /// <inheritdoc/>
    public bool GoesOnWhenReplaced(string topic) => _options.LostOffsetsOf(topic) == LostOffsets.Latest;

    /// <inheritdoc/>
    public ILogReader OpenReader(TopicPartition partition, long fromOffset)
    {
        ThrowIfClosed();
        return _readers.Open(NameOf(partition), fromOffset);
    }

    /// <inheritdoc/>
    public async ValueTask<long> FindOffsetAsync(
        TopicPartition partition, long timeMs, CancellationToken cancellationToken)
    {
        long found = await _queries.FindOffsetAsync(NameOf(partition), timeMs, cancellationToken);
        return found >= 0 ? found : (await GetRangeAsync(partition, cancellationToken)).End;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _looking;
        Task closed = Task.Run(() =>
        {
            _readers.Close();
            _appender.Dispose();
            _queries.Dispose();
        });
        await Task.WhenAny(closed, Task.Delay(CloseMax));
        _closing.Dispose();
    }

    /// <summary>Refuses to go on after the log was closed.</summary>
    internal void ThrowIfClosed()
    {
        if (_closing.IsCancellationRequested)
        {
            throw new EventLogException(EventLogError.Unavailable, "The connection to Kafka is closed.");
        }
    }

    /// <summary>Ends a reader.</summary>
    internal ValueTask ReleaseAsync(KafkaLogReader reader) => _readers.ReleaseAsync(reader);

    /// <summary>Refuses a partition that there is not.</summary>
    internal async ValueTask RequireAsync(TopicPartition partition, CancellationToken cancellationToken)
    {
        if (partition.Partition >= await KnownPartitionsAsync(partition.Topic, cancellationToken))
        {
            throw new EventLogException(
                EventLogError.UnknownPartition, $"There is no {partition.Topic}/{partition.Partition} in Kafka.");
        }
    }

    private IEnumerable<string> Made => _options.Create.Keys.Concat(_options.CreateCompacted.Keys);

    private async ValueTask LookAtRightsAsync(CancellationToken cancellationToken)
    {
        // The first question to the brokers tells best what is wrong where they can't be reached.
        string first = Made.Concat(_options.Sources).FirstOrDefault(DeadLetterTopic.Name);
        try
        {
            await CountPartitionsAsync(first, cancellationToken);
        }
        catch (EventLogException e) when (e.Error == EventLogError.Denied)
        {
            // All that is missing is named below.
        }

        IReadOnlyList<string> topics = await _queries.Rights.CheckAsync(
            [.. Made.Concat(_options.Sources).Select(NameOf).Distinct()]);
        Note(topics);
        Compacted = await _queries.Topics.FindCompactedAsync(_options.Sources);
        if (await _queries.Rights.CheckGroupAsync() is { } why)
        {
            _offsets?.Fail(why);
        }
    }

    private async ValueTask CreateAsync(
        IReadOnlyDictionary<string, int> topics, bool isCompacted, CancellationToken cancellationToken)
    {
        foreach ((string topic, int partitions) in topics)
        {
            if (await CountPartitionsAsync(topic, cancellationToken) == 0)
            {
                await _queries.Topics.CreateAsync(NameOf(topic), partitions, isCompacted);
                Note(await _queries.Rights.CheckAsync([NameOf(topic)]));
            }
            else if (isCompacted && await _queries.Topics.FindCleanupPolicyAsync(topic) is { } policy
                && !policy.Contains(TopicSettings.Compact, StringComparison.Ordinal))
            {
                LogNotCompacted(topic, policy);
            }
        }
    }

    private void Note(IReadOnlyList<string> notes)
    {
        _notes = _notes.AddRange(notes);
        foreach (string note in notes)
        {
            LogNote(note);
        }
    }

    private ValueTask<int> KnownPartitionsAsync(string topic, CancellationToken cancellationToken) =>
        _partitions.TryGetValue(NameOf(topic), out int count) && count > 0
            ? new(count)
            : CountPartitionsAsync(topic, cancellationToken);

    // Everybody else knows the dead letters by one name.
    private string NameOf(string topic) => topic == DeadLetterTopic.Name ? _options.DeadLetters : topic;

    private TopicPartition NameOf(TopicPartition partition) => partition with { Topic = NameOf(partition.Topic) };

    [LoggerMessage(LogLevel.Warning, "{Note}")]
    private partial void LogNote(string note);

    [LoggerMessage(LogLevel.Warning, "The output topic {Topic} is not compacted (cleanup.policy={Policy}): values that "
        + "do not change are lost when their records are no longer retained. Set cleanup.policy=compact.")]
    private partial void LogNotCompacted(string topic, string policy);
}
