using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Diagnostics;
using Microsoft.Extensions.Logging;

namespace ContextGrid.Runtime.Ingestion;

/// <summary>
/// Step one of an event's path: reads one partition in order and hands batches to the grid. One task owns it from start
/// to stop. A bad record becomes a dead letter and the next one is applied; a fault of log, dead letters or schema
/// registry waits and is tried again, so nothing passes it; corruption stops the partition and is shown in the status.
/// </summary>
public sealed partial class PartitionIngestor
{
    private static readonly TimeSpan IdleWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(500);

    private readonly IEventLog _log;
    private readonly IEventTarget _grid;
    private readonly DeadLetterWriter _letters;
    private readonly EventBatch _events;
    private readonly GridMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly LogBatch _records = new();
    private ILogReader? _reader;
    private bool _remembersIds;
    private bool _tellsRemoved;

    /// <summary>Creates the ingestor of a partition, which goes on where <paramref name="progress"/> stands.</summary>
    public PartitionIngestor(
        IEventLog log, IEventTarget grid, IDeadLetterSink deadLetters, EventBatch events, PartitionProgress progress,
        GridMetrics metrics, TimeProvider time, ILogger logger)
    {
        (_log, _grid, _events, Progress) = (log, grid, events, progress);
        (_metrics, _time, _logger) = (metrics, time, logger);
        _letters = new DeadLetterWriter(deadLetters, metrics);
    }

    /// <summary>How far the partition is applied.</summary>
    public PartitionProgress Progress { get; }

    /// <summary>Whether its events are counted; false: another reader of the partition counts them.</summary>
    public bool CountsEvents { get; init; } = true;

    /// <summary>Why the partition has stopped for good, or what it is retrying; null: it runs.</summary>
    public string? Fault { get; private set; }

    /// <summary>Reads and applies until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (!cancellationToken.IsCancellationRequested)
            {
                await GoOnAsync(cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The host stops: the position stands after the last whole batch.
        }
        catch (Exception e)
        {
            // The loop's edge: whatever it is, applying on would skip it. The status shows the partition as stopped.
            ReplacedLog.DeclareIfReplaced(e, Progress);
            Fault = $"Stopped at offset {Progress.Next}: {e.Message}";
            LogStopped(e, Progress.Partition.Topic, Progress.Partition.Partition, Progress.Next);
            await StalledPartition.WatchEndAsync(_log, Progress, IdleWait, _time, cancellationToken);
        }
        finally
        {
            _grid.Abandon(Progress.Partition);
            await CloseAsync();
        }
    }

    private async ValueTask GoOnAsync(CancellationToken cancellationToken)
    {
        try
        {
            _reader ??= await OpenAsync(cancellationToken);
            await StepAsync(_reader, cancellationToken);
            Fault = null;
        }
        catch (EventLogException e) when (
            e.Error == EventLogError.Replaced && _log.GoesOnWhenReplaced(Progress.Partition.Topic))
        {
            await CloseAsync();
            await ReplacedLog.OutwaitAsync(e, _log, Progress, IdleWait, _time, _logger, cancellationToken);
        }
        catch (Exception e) when (
            e is EventLogException { Error: not (EventLogError.Corrupt or EventLogError.Replaced) }
                or Codecs.SchemaUnavailableException)
        {
            await WaitToRetryAsync(e.Message, cancellationToken);
            await CloseAsync();
        }
    }

    // At first the cursor sees the records before the start again, as far back as producers' ids are remembered:
    // a retry of an event from before a restart is then still a retry. Queries do not wait for it.
    private async ValueTask<ILogReader> OpenAsync(CancellationToken cancellationToken)
    {
        await ReplacedLog.CheckAsync(_log, Progress, _records, cancellationToken);
        if (!_remembersIds)
        {
            await IdRecovery.RememberAsync(_log, Progress, _events, _records, cancellationToken);
            _remembersIds = true;
        }

        return _log.OpenReader(Progress.Partition, Progress.Next);
    }

    private async Task WaitToRetryAsync(string fault, CancellationToken cancellationToken)
    {
        if (fault != Fault)
        {
            LogRetry(Progress.Partition.Topic, Progress.Partition.Partition, fault);
        }

        Fault = fault;
        await StalledPartition.NoteEndAsync(_log, Progress, _time, cancellationToken);
        await Task.Delay(RetryDelay, _time, cancellationToken);
    }

    private async ValueTask StepAsync(ILogReader reader, CancellationToken cancellationToken)
    {
        ReadOutcome outcome = await reader.ReadAsync(_records, IdleWait, cancellationToken);
        if (outcome == ReadOutcome.OffsetGone)
        {
            Progress.DeclareGap(new OffsetGap(Progress.Next, reader.NextOffset - 1));
            LogGap(Progress.Partition.Topic, Progress.Partition.Partition, Progress.Next, reader.NextOffset - 1);
        }

        if (reader.Removed is { } removed)
        {
            DeclareRemoved(removed);
        }

        if (outcome == ReadOutcome.Records)
        {
            await ApplyAsync(reader, cancellationToken);
        }
        else if (reader.NextOffset > Progress.Next)
        {
            await AdvanceAsync(reader, cancellationToken);
        }
        else
        {
            await DoneAsync(Progress.Next, reader.End, 0, null, cancellationToken);
        }
    }

    // Others are told first: what a process says of itself is never ahead of what it has told.
    private async ValueTask DoneAsync(
        long next, LogEnd end, long waitingSinceMs, RecordMark? mark, CancellationToken cancellationToken)
    {
        await _grid.CompleteAsync(
            Progress.Partition,
            new Delivered(Progress.Next, next, end.Offset, waitingSinceMs, end.SeenMs, mark),
            cancellationToken);
        if (next > Progress.Next)
        {
            Progress.Mark = mark ?? Progress.Mark;
            Progress.Advance(next, end.Offset, waitingSinceMs);
        }

        Progress.Verify(end.SeenMs);
    }

    private void DeclareRemoved(OffsetGap removed)
    {
        if (!_tellsRemoved)
        {
            LogRemoved(Progress.Partition.Topic, Progress.Partition.Partition, removed.First);
        }

        _tellsRemoved = true;
        Progress.DeclareGap(removed);
    }

    // Passes offsets that hold no record.
    private async ValueTask AdvanceAsync(ILogReader reader, CancellationToken cancellationToken)
    {
        (long next, LogEnd end) = (reader.NextOffset, KnownEnd(reader));
        long sinceMs = await _log.WaitingSinceAsync(
            Progress.Partition, next, end.Offset, _time, cancellationToken);
        await DoneAsync(next, end, sinceMs, null, cancellationToken);
    }

    // While a batch waited, the end was perhaps seen by another way: what is behind the batch then still waits.
    private LogEnd KnownEnd(ILogReader reader) =>
        reader.End with { Offset = Math.Max(reader.End.Offset, Progress.End) };

    private async ValueTask ApplyAsync(ILogReader reader, CancellationToken cancellationToken)
    {
        long last = _records[_records.Count - 1].Offset;
        Progress.SeeEnd(last + 1, RecordTimes.WaitingSince(_records[0].TimestampMs, _time));
        await _events.PrepareAsync(_records, cancellationToken);
        RecordMark mark = RecordMark.Of(_records, _records.Count - 1);
        _events.Load(_records, from: Progress.Next);
        await ApplyToGridAsync(cancellationToken);
        await _letters.WriteAsync(_events.DeadLetters, WaitToRetryAsync, cancellationToken);
        LogEnd end = KnownEnd(reader);
        long sinceMs = end.Offset <= last + 1
            ? 0
            : RecordTimes.WaitingSince(_records[_records.Count - 1].TimestampMs, _time);
        await DoneAsync(last + 1, end, sinceMs, mark, cancellationToken);
        if (!CountsEvents)
        {
            return;
        }

        _metrics.CountApplied(Progress.Partition.Topic, _events.Events);
        _metrics.CountIds(
            Progress.Partition.Topic, _events.Duplicates, _events.Conflicts, _events.Elsewhere);
        _metrics.CountTombstones(Progress.Partition.Topic, _events.Tombstones);
    }

    // Entities that can't be read at present wait right here: the ids of the batch are taken by now, so that reading it
    // once more would judge its events by themselves.
    private async ValueTask ApplyToGridAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await _grid.ApplyAsync(_events, cancellationToken);
                return;
            }
            catch (SnapshotStoreException e)
            {
                await WaitToRetryAsync(e.Message, cancellationToken);
            }
        }
    }

    private ValueTask CloseAsync()
    {
        ILogReader? closed = _reader;
        _reader = null;
        return closed?.DisposeAsync() ?? ValueTask.CompletedTask;
    }

    [LoggerMessage(LogLevel.Warning, "{Topic}/{Partition}: {Message} Retrying.")]
    private partial void LogRetry(string topic, int partition, string message);

    [LoggerMessage(LogLevel.Warning, "{Topic}/{Partition}: offsets {First} to {Last} are gone; the gap is declared.")]
    private partial void LogGap(string topic, int partition, long first, long last);

    [LoggerMessage(LogLevel.Warning, "{Topic}/{Partition}: compaction has removed records from offset {First} on "
        + "before they were read; the gap is declared.")]
    private partial void LogRemoved(string topic, int partition, long first);

    [LoggerMessage(LogLevel.Error, "{Topic}/{Partition}: stopped at offset {Offset}.")]
    private partial void LogStopped(Exception exception, string topic, int partition, long offset);
}
