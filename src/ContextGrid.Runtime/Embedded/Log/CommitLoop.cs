using ContextGrid.Runtime.Ingestion;
using Microsoft.Extensions.Logging;

namespace ContextGrid.Runtime.Embedded.Log;

/// <summary>
/// The log's one writer: a thread that takes what has gathered in the queue, makes it durable, and tells its callers.
/// </summary>
internal sealed partial class CommitLoop : IAsyncDisposable
{
    private readonly LogWriter _writer;
    private readonly ILogger _logger;
    private readonly Action _segmentBegun;
    private readonly AutoResetEvent _work = new(false);
    private readonly ITimer? _flushTimer;
    private readonly TimeSpan _flushInterval;
    private readonly Task _running;
    private volatile bool _stopping;

    /// <summary>Starts the writer.</summary>
    /// <param name="options">How the log is set up.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Is told about failures.</param>
    /// <param name="segmentBegun">Called on the writer's thread after a commit that began a segment.</param>
    public CommitLoop(FileEventLogOptions options, TimeProvider time, ILogger logger, Action segmentBegun)
    {
        (_logger, _segmentBegun, _flushInterval) = (logger, segmentBegun, options.FlushInterval);
        _writer = new LogWriter(options, time);
        if (_flushInterval > TimeSpan.Zero)
        {
            _flushTimer = time.CreateTimer(
                _ => _work.Set(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }

        Queue = new AppendQueue(options, time, Begin);
        _running = Task.Factory.StartNew(
            Run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>Takes the appends.</summary>
    public AppendQueue Queue { get; }

    /// <summary>Refuses further appends, writes what waits, and ends the thread.</summary>
    public async ValueTask DisposeAsync()
    {
        Queue.Refuse(new EventLogException(EventLogError.Unavailable, "The log is closed."));
        _stopping = true;
        _work.Set();
        await _running;
        if (_flushTimer is not null)
        {
            await _flushTimer.DisposeAsync();
        }

        _work.Dispose();
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The log could not be written")]
    private static partial void LogWriteFailed(ILogger logger, Exception exception);

    private void Begin()
    {
        if (_flushTimer is null)
        {
            _work.Set();
        }
        else
        {
            _flushTimer.Change(_flushInterval, Timeout.InfiniteTimeSpan);
        }
    }

    private void Run()
    {
        Thread.CurrentThread.Name = "event log writer";
        while (true)
        {
            // Read before the queue is: what was queued before the stop is then seen.
            bool stopping = _stopping;
            CommitGroup? group = Queue.Take();
            if (group is not null)
            {
                Commit(group);
            }

            if (group is null && stopping)
            {
                return;
            }

            if ((group is null || _flushTimer is not null) && !_stopping)
            {
                _work.WaitOne();
            }
        }
    }

    private void Commit(CommitGroup group)
    {
        int begun = _writer.SegmentsBegun;
        EventLogException? failure;
        try
        {
            failure = _writer.Commit(group);
        }
        catch (Exception e)
        {
            failure = new EventLogException(EventLogError.Unavailable, $"The log's writer failed: {e.Message}", e);
        }

        if (failure is not null)
        {
            LogWriteFailed(_logger, failure);
        }

        Queue.Complete(group, failure);
        if (failure is null)
        {
            _writer.PersistIndexes();
        }

        if (begun != _writer.SegmentsBegun)
        {
            _segmentBegun();
        }
    }
}
