using ContextGrid.Runtime.Ingestion;
using Microsoft.Extensions.Logging;

namespace ContextGrid.Runtime.Embedded.Log;

/// <summary>
/// The built-in event log: files in a directory, made durable by group commit. One thread writes; what gathers while
/// it waits for the disk is its next commit. The format and the guarantees stand in docs/STORAGE.md, "The log".
/// </summary>
public sealed partial class FileEventLog : IEventLog
{
    private readonly FileEventLogOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly LogDirectory _directory;
    private readonly Dictionary<string, LogPartition[]> _topics;
    private readonly AppendQueue _queue;
    private readonly AutoResetEvent _work = new(false);
    private readonly Task _writing;
    private readonly ITimer _retention;
    private readonly Action _begun;
    private readonly ITimer? _flushTimer;
    private volatile bool _stopping;

    private FileEventLog(
        FileEventLogOptions options, TimeProvider time, ILogger logger, LogDirectory directory,
        Dictionary<string, LogPartition[]> topics, IReadOnlyList<string> recovered)
    {
        (_options, _time, _logger, _directory, _topics) = (options, time, logger, directory, topics);
        Recovered = recovered;
        _queue = new AppendQueue(options, time);
        bool waits = options.FlushInterval > TimeSpan.Zero;
        _flushTimer = waits
            ? time.CreateTimer(_ => _work.Set(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan)
            : null;
        _begun = _flushTimer is { } timer
            ? () => timer.Change(options.FlushInterval, Timeout.InfiniteTimeSpan)
            : () => _work.Set();
        _writing = Task.Factory.StartNew(
            Write, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        _retention = time.CreateTimer(_ => EnforceRetention(), null, options.RetentionInterval, options.RetentionInterval);
    }

    /// <summary>What was cut, mended or found damaged at the opening, a sentence each.</summary>
    public IReadOnlyList<string> Recovered { get; }

    /// <summary>The topics, in ordinal order.</summary>
    public IReadOnlyList<string> Topics => [.. _topics.Keys.Order(StringComparer.Ordinal)];

    /// <summary>Opens the log: locks its directory, makes topics, cuts what a crash left half-written.</summary>
    /// <param name="options">Where, and how.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Takes what was recovered, failures and retention.</param>
    /// <exception cref="EventLogException">The directory is in use, can't be written, or is damaged beyond use.</exception>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public static FileEventLog Open(FileEventLogOptions options, TimeProvider time, ILogger logger)
    {
        options.Validate();
        LogDirectory directory = LogDirectory.Open(options.Directory);
        var topics = new Dictionary<string, LogPartition[]>(StringComparer.Ordinal);
        var report = new List<string>();
        try
        {
            long now = time.GetUtcNow().ToUnixTimeMilliseconds();
            foreach ((string topic, int count) in directory.EnsureTopics(options.Topics))
            {
                var partitions = new LogPartition[count];
                topics[topic] = partitions;
                for (int i = 0; i < count; i++)
                {
                    var name = new TopicPartition(topic, i);
                    partitions[i] = PartitionRecovery.Open(name, directory.PartitionPath(name), now, report);
                }
            }
        }
        catch (Exception e)
        {
            Close(topics);
            directory.Dispose();
            if (e is IOException or UnauthorizedAccessException)
            {
                throw new EventLogException(
                    EventLogError.Unavailable, $"The log in {options.Directory} can't be opened: {e.Message}", e);
            }

            throw;
        }

        foreach (string sentence in report)
        {
            LogRecovered(logger, sentence);
        }

        return new FileEventLog(options, time, logger, directory, topics, report);
    }

    /// <inheritdoc/>
    public ValueTask<int> CountPartitionsAsync(string topic, CancellationToken cancellationToken) =>
        ValueTask.FromResult(_topics.TryGetValue(topic, out LogPartition[]? partitions) ? partitions.Length : 0);

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

        CommitGroup group = await _queue.AddAsync(partitions, records, bytes, positions, _begun, cancellationToken)
            .ConfigureAwait(false);
        EventLogException? failure = await group.Done.WaitAsync(cancellationToken).ConfigureAwait(false);
        if (failure is not null)
        {
            throw new EventLogException(failure.Error, failure.Message, failure);
        }
    }

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
        if (_stopping)
        {
            return;
        }

        _queue.Refuse(new EventLogException(EventLogError.Unavailable, "The log is closed."));
        _stopping = true;
        _work.Set();
        await _writing.ConfigureAwait(false);
        await _retention.DisposeAsync().ConfigureAwait(false);
        if (_flushTimer is not null)
        {
            await _flushTimer.DisposeAsync().ConfigureAwait(false);
        }

        Close(_topics);
        _directory.Dispose();
        _work.Dispose();
    }

    private static void Close(Dictionary<string, LogPartition[]> topics)
    {
        foreach (LogPartition? partition in topics.Values.SelectMany(partitions => partitions))
        {
            // An opening that failed half-way leaves places empty.
            partition?.Dispose();
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Log recovered: {Sentence}")]
    private static partial void LogRecovered(ILogger logger, string sentence);

    [LoggerMessage(Level = LogLevel.Error, Message = "The log could not be written")]
    private static partial void LogWriteFailed(ILogger logger, Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "Retention failed and will be tried again")]
    private static partial void LogRetentionFailed(ILogger logger, Exception exception);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Retention deleted {Count} segments")]
    private static partial void LogRetained(ILogger logger, int count);

    private void Write()
    {
        Thread.CurrentThread.Name = "event log writer";
        var writer = new LogWriter(_options, _time);
        int begun = 0;
        while (true)
        {
            // Read before the queue is: what was queued before the stop is then seen.
            bool stopping = _stopping;
            CommitGroup? group = _queue.Take();
            if (group is null)
            {
                if (stopping)
                {
                    return;
                }

                _work.WaitOne();
                continue;
            }

            Commit(writer, group);
            if (writer.SegmentsBegun != begun)
            {
                begun = writer.SegmentsBegun;
                EnforceRetention();
            }

            if (_flushTimer is not null && !_stopping)
            {
                _work.WaitOne();
            }
        }
    }

    private void Commit(LogWriter writer, CommitGroup group)
    {
        EventLogException? failure;
        try
        {
            failure = writer.Commit(group);
        }
        catch (Exception e)
        {
            failure = new EventLogException(EventLogError.Unavailable, $"The log's writer failed: {e.Message}", e);
        }

        if (failure is not null)
        {
            LogWriteFailed(_logger, failure);
        }

        _queue.Complete(group, failure);
        if (failure is null)
        {
            writer.PersistIndexes();
        }
    }

    private void EnforceRetention()
    {
        try
        {
            long now = _time.GetUtcNow().ToUnixTimeMilliseconds();
            int count = _topics.Values.Sum(partitions => partitions.Sum(partition => partition.Retain(now, _options)));
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
        _topics.TryGetValue(topic, out LogPartition[]? partitions) ? partitions : throw new EventLogException(
            EventLogError.UnknownPartition, $"There is no topic '{topic}' in the log.");

    private LogPartition Find(TopicPartition partition)
    {
        LogPartition[] partitions = FindTopic(partition.Topic);
        return partition.Partition >= 0 && partition.Partition < partitions.Length ? partitions[partition.Partition]
            : throw new EventLogException(
                EventLogError.UnknownPartition,
                $"The topic '{partition.Topic}' has {partitions.Length} partitions; there is no {partition.Partition}.");
    }
}
