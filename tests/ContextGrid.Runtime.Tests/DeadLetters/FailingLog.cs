using ContextGrid.Runtime.Ingestion;
using ContextGrid.TestKit.Logs;

namespace ContextGrid.Runtime.Tests.DeadLetters;

/// <summary>
/// Stands before a log and fails at the call of a number: appends, ranges and reads count. Everything after that call
/// fails as well, as for a process that is gone.
/// </summary>
/// <param name="log">The log.</param>
/// <param name="failAt">The call that fails, from 1.</param>
/// <param name="isDone">Whether that call still does its work, and only its answer is lost.</param>
internal sealed class FailingLog(IEventLog log, int failAt, bool isDone) : ForwardingLog(log)
{
    /// <summary>How many calls there were.</summary>
    public int Calls { get; private set; }

    public override ValueTask<LogRange> GetRangeAsync(TopicPartition partition, CancellationToken cancellationToken) =>
        CallAsync(() => base.GetRangeAsync(partition, cancellationToken));

    public override async ValueTask AppendAsync(
        string topic,
        ReadOnlyMemory<LogRecord> records,
        Memory<RecordPosition> positions,
        CancellationToken cancellationToken) => await CallAsync(async () =>
        {
            await base.AppendAsync(topic, records, positions, cancellationToken);
            return true;
        });

    public override ILogReader OpenReader(TopicPartition partition, long fromOffset) =>
        new Reader(base.OpenReader(partition, fromOffset), this);

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

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
