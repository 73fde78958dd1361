using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.Tests.DeadLetters;

/// <summary>
/// Stands before a log and fails at the call of a number: appends, ranges and reads count. Everything after that call
/// fails as well, as for a process that is gone.
/// </summary>
/// <param name="log">The log.</param>
/// <param name="failAt">The call that fails, from 1.</param>
/// <param name="isDone">Whether that call still does its work, and only its answer is lost.</param>
internal sealed class FailingLog(IEventLog log, int failAt, bool isDone) : IEventLog
{
    /// <summary>How many calls there were.</summary>
    public int Calls { get; private set; }

    public ValueTask<int> CountPartitionsAsync(string topic, CancellationToken cancellationToken) =>
        log.CountPartitionsAsync(topic, cancellationToken);

    public ValueTask<LogRange> GetRangeAsync(TopicPartition partition, CancellationToken cancellationToken) =>
        CallAsync(() => log.GetRangeAsync(partition, cancellationToken));

    public async ValueTask AppendAsync(
        string topic,
        ReadOnlyMemory<LogRecord> records,
        Memory<RecordPosition> positions,
        CancellationToken cancellationToken) => await CallAsync(async () =>
        {
            await log.AppendAsync(topic, records, positions, cancellationToken);
            return true;
        });

    public bool GoesOnWhenReplaced(string topic) => log.GoesOnWhenReplaced(topic);

    public ILogReader OpenReader(TopicPartition partition, long fromOffset) =>
        new Reader(log.OpenReader(partition, fromOffset), this);

    public ValueTask<long> FindOffsetAsync(
        TopicPartition partition, long timeMs, CancellationToken cancellationToken) =>
        log.FindOffsetAsync(partition, timeMs, cancellationToken);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async ValueTask<T> CallAsync<T>(Func<ValueTask<T>> call)
    {
        Calls++;
        if (Calls > failAt || (Calls == failAt && !isDone))
        {
            throw new EventLogException(EventLogError.Unavailable, "The log is away.");
        }

        T result = await call();
        return Calls == failAt
            ? throw new EventLogException(EventLogError.Unavailable, "The answer is lost.")
            : result;
    }

    private sealed class Reader(ILogReader reader, FailingLog log) : ILogReader
    {
        public long NextOffset => reader.NextOffset;

        public LogEnd End => reader.End;

        public ValueTask<ReadOutcome> ReadAsync(LogBatch batch, TimeSpan wait, CancellationToken cancellationToken) =>
            log.CallAsync(() => reader.ReadAsync(batch, wait, cancellationToken));

        public ValueTask DisposeAsync() => reader.DisposeAsync();
    }
}
