using ContextGrid.Runtime.Ingestion;
using Microsoft.Extensions.Logging;

namespace ContextGrid.Runtime.Embedded.Log;

/// <summary>
/// The log's one writer: a task that takes what has gathered in the queue, makes it durable, and tells its callers.
/// </summary>
internal sealed partial class CommitLoop : IAsyncDisposable
{
    private readonly LogWriter _writer;
    private readonly ILogger _logger;
    private readonly Action _segmentBegun;
    private readonly Signal _work = new();
    private readonly Task _running;
    private volatile bool _stopping;

    /// <summary>Starts the writer.</summary>
    /// <param name="options">How the log is set up.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Is told about failures.</param>
    /// <param name="segmentBegun">Called by the writer after a commit that began a segment.</param>
    public CommitLoop(FileEventLogOptions options, TimeProvider time, ILogger logger, Action segmentBegun)
    {
        (_logger, _segmentBegun) = (logger, segmentBegun);
        _writer = new LogWriter(options, time);
        Queue = new AppendQueue(options, time, _work.Set);
        _running = RunAsync();
    }

    /// <summary>Takes the appends.</summary>
    public AppendQueue Queue { get; }

    /// <summary>Refuses further appends, writes what waits, and ends the writer.</summary>
    public async ValueTask DisposeAsync()
    {
        Queue.Refuse(new EventLogException(EventLogError.Unavailable, "The log is closed."));
        _stopping = true;
        _work.Set();
        await _running;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The log could not be written")]
    private static partial void LogWriteFailed(ILogger logger, Exception exception);

    private async Task RunAsync()
    {
        await Task.Yield();
        while (true)
        {
            // Both are read before the queue is: what was queued before the stop is then seen.
            long seen = _work.Version;
            bool stopping = _stopping;
            CommitGroup? group = Queue.Take();
            if (group is not null)
            {
                await CommitAsync(group);
            }
            else if (stopping)
            {
                return;
            }
            else
            {
                await _work.WaitAsync(seen, CancellationToken.None);
            }
        }
    }

    private async ValueTask CommitAsync(CommitGroup group)
    {
        int begun = _writer.SegmentsBegun;
        EventLogException? failure;
        try
        {
            failure = await _writer.CommitAsync(group);
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
