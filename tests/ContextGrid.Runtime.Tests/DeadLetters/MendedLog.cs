using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.Tests.DeadLetters;

/// <summary>A log that fails from a call on until it is mended.</summary>
/// <param name="log">The log.</param>
/// <param name="failAt">The first call that fails, from 1.</param>
internal sealed class MendedLog(IEventLog log, int failAt) : IEventLog
{
    private IEventLog _now = new FailingLog(log, failAt, isDone: true);

    /// <summary>Lets everything through from now on.</summary>
    public void Mend() => _now = log;

    public ValueTask<int> CountPartitionsAsync(string topic, CancellationToken cancellationToken) =>
        _now.CountPartitionsAsync(topic, cancellationToken);

    public ValueTask<LogRange> GetRangeAsync(TopicPartition partition, CancellationToken cancellationToken) =>
        _now.GetRangeAsync(partition, cancellationToken);

    public ValueTask AppendAsync(
        string topic,
        ReadOnlyMemory<LogRecord> records,
        Memory<RecordPosition> positions,
        CancellationToken cancellationToken) => _now.AppendAsync(topic, records, positions, cancellationToken);

    public bool GoesOnWhenReplaced(string topic) => _now.GoesOnWhenReplaced(topic);

    public ILogReader OpenReader(TopicPartition partition, long fromOffset) => _now.OpenReader(partition, fromOffset);

    public ValueTask<long> FindOffsetAsync(
        TopicPartition partition, long timeMs, CancellationToken cancellationToken) =>
        _now.FindOffsetAsync(partition, timeMs, cancellationToken);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
