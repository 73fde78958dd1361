using ContextGrid.Runtime.Ingestion;
using Microsoft.Extensions.Logging;

namespace ContextGrid.Runtime.Embedded.Log;

/// <summary>
/// The built-in event log: files in a directory, made durable by group commit. One task writes; what gathers while
/// it waits for the disk is its next commit. The format and the guarantees stand in docs/STORAGE.md, "The log".
/// </summary>
public sealed partial class FileEventLog : IEventLog
{
    private readonly FileEventLogOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly LogOpening _opened;
    private readonly CommitLoop _commits;
    private readonly ITimer _retention;
    private bool _disposed;

    private FileEventLog(FileEventLogOptions options, TimeProvider time, ILogger logger, LogOpening opened)
    {
        (_options, _time, _logger, _opened) = (options, time, logger, opened);
        _commits = new CommitLoop(options, time, logger, EnforceRetention);
        _retention = time.CreateTimer(
            _ => EnforceRetention(), null, options.RetentionInterval, options.RetentionInterval);
    }

    /// <summary>What was cut, mended or found damaged at the opening, a sentence each.</summary>
    public IReadOnlyList<string> Recovered => _opened.Recovered;

    /// <summary>The topics, in ordinal order.</summary>
    public IReadOnlyList<string> Topics => [.. _opened.Topics.Keys.Order(StringComparer.Ordinal)];

    /// <summary>Where it is.</summary>
    internal string Directory => _options.Directory;

    /// <summary>Every partition.</summary>
    internal IEnumerable<LogPartition> Partitions => Topics.SelectMany(topic => _opened.Topics[topic]);

    /// <summary>Opens the log: locks its directory, makes topics, cuts what a crash left half-written.</summary>
    /// <param name="options">Where, and how.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Takes what was recovered, failures and retention.</param>
    /// <exception cref="EventLogException">The directory is in use, can't be written, or is damaged.</exception>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public static FileEventLog Open(FileEventLogOptions options, TimeProvider time, ILogger logger)
    {
        options.Validate();
        LogOpening opened = LogOpening.Open(options, time.GetUtcNow().ToUnixTimeMilliseconds());
        foreach (string sentence in opened.Recovered)
        {
            LogRecovered(logger, sentence);
        }

        return new FileEventLog(options, time, logger, opened);
    }

    /// <inheritdoc/>
    public ValueTask<int> CountPartitionsAsync(string topic, CancellationToken cancellationToken) =>
        ValueTask.FromResult(_opened.Topics.TryGetValue(topic, out LogPartition[]? partitions) ? partitions.Length : 0);

    /// <inheritdoc/>
    public ValueTask<LogRange> GetRangeAsync(TopicPartition partition, CancellationToken cancellationToken)
    {
        LogPartition found = Find(partition);
        return ValueTask.FromResult(new LogRange(found.Start, found.End));
    }

    /// <inheritdoc/>
    public async ValueTask AppendAsync(
        string topic,
        ReadOnlyMemory<LogRecord> records,
        Memory<RecordPosition> positions,
        CancellationToken cancellationToken)
    {
        LogPartition[] partitions = FindTopic(topic);
        long bytes = AppendCheck.Measure(topic, partitions.Length, records.Span, positions.Length, _options);
        if (records.IsEmpty)
        {
            return;
        }

        CommitGroup group = await _commits.Queue.AddAsync(partitions, records, bytes, positions, cancellationToken);
        await group.Done.WaitAsync(seen: 0, cancellationToken);
        if (group.Failure is { } failure)
        {
            throw new EventLogException(failure.Error, failure.Message, failure);
        }
    }

    /// <inheritdoc/>
    /// <remarks>Nobody but its owner changes it.</remarks>
    public bool GoesOnWhenReplaced(string topic) => false;

    /// <inheritdoc/>
    public ILogReader OpenReader(TopicPartition partition, long fromOffset)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(fromOffset);
        return new FileLogReader(Find(partition), fromOffset, _options, _time);
    }

    /// <inheritdoc/>
    public ValueTask<long> FindOffsetAsync(TopicPartition partition, long timeMs, CancellationToken cancellationToken)
    {
        LogPartition found = Find(partition);
        long end = found.End;
        foreach (LogSegment segment in found.Segments)
        {
            try
            {
                SegmentIndex index = segment.Index;
                if (index.MaxTimestamp >= timeMs)
                {
                    return ValueTask.FromResult(index.FindTime(timeMs)?.Offset ?? segment.BaseOffset);
                }
            }
            catch (ObjectDisposedException)
            {
                // Retention has just taken this segment; the answer is in a later one.
            }
        }

        return ValueTask.FromResult(end);
    }

    /// <summary>Writes what waits, stops the writer, and gives the directory back.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, true))
        {
            return;
        }

        await _commits.DisposeAsync();
        await _retention.DisposeAsync();
        _opened.Close();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Log recovered: {Sentence}")]
    private static partial void LogRecovered(ILogger logger, string sentence);

    [LoggerMessage(Level = LogLevel.Error, Message = "Retention failed and will be tried again")]
    private static partial void LogRetentionFailed(ILogger logger, Exception exception);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Retention deleted {Count} segments")]
    private static partial void LogRetained(ILogger logger, int count);

    private void EnforceRetention()
    {
        try
        {
            long now = _time.GetUtcNow().ToUnixTimeMilliseconds();
            int count = _opened.Topics.Values.SelectMany(partitions => partitions)
                .Sum(partition => partition.Retain(now, _options));
            if (count > 0)
            {
                LogRetained(_logger, count);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogRetentionFailed(_logger, e);
        }
    }

    private LogPartition[] FindTopic(string topic) =>
        _opened.Topics.TryGetValue(topic, out LogPartition[]? partitions) ? partitions : throw new EventLogException(
            EventLogError.UnknownPartition, $"There is no topic '{topic}' in the log.");

    private LogPartition Find(TopicPartition partition)
    {
        LogPartition[] partitions = FindTopic(partition.Topic);
        return partition.Partition >= 0 && partition.Partition < partitions.Length ? partitions[partition.Partition]
            : throw new EventLogException(
                EventLogError.UnknownPartition,
                $"The topic '{partition.Topic}' has {partitions.Length} partitions; "
                + $"there is no {partition.Partition}.");
    }
}
