using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.TestKit.Logs;

/// <summary>Stands before a log and hands every call on; what derives from it changes some.</summary>
/// <param name="log">The log, which disposing disposes of.</param>
public abstract class ForwardingLog(IEventLog log) : IEventLog
{
    /// <summary>Where calls go.</summary>
    protected virtual IEventLog Log => log;

    /// <inheritdoc/>
    public string? Incomplete => Log.Incomplete;

    /// <inheritdoc/>
    public IReadOnlyList<string> Notes => Log.Notes;

    /// <inheritdoc/>
    public IReadOnlyCollection<string> Compacted => Log.Compacted;

    /// <inheritdoc/>
    public ValueTask CreateMissingAsync(CancellationToken cancellationToken) =>
        Log.CreateMissingAsync(cancellationToken);

    /// <inheritdoc/>
    public virtual TimeSpan? SharedAppendMax => Log.SharedAppendMax;

    /// <inheritdoc/>
    public virtual ValueTask<int> CountPartitionsAsync(string topic, CancellationToken cancellationToken) =>
        Log.CountPartitionsAsync(topic, cancellationToken);

    /// <inheritdoc/>
    public virtual ValueTask<LogRange> GetRangeAsync(TopicPartition partition, CancellationToken cancellationToken) =>
        Log.GetRangeAsync(partition, cancellationToken);

    /// <inheritdoc/>
    public virtual ValueTask AppendAsync(
        string topic,
        ReadOnlyMemory<LogRecord> records,
        Memory<RecordPosition> positions,
        CancellationToken cancellationToken) =>
        Log.AppendAsync(topic, records, positions, cancellationToken);

    /// <inheritdoc/>
    public bool GoesOnWhenReplaced(string topic) => Log.GoesOnWhenReplaced(topic);

    /// <inheritdoc/>
    public virtual ILogReader OpenReader(TopicPartition partition, long fromOffset) =>
        Log.OpenReader(partition, fromOffset);

    /// <inheritdoc/>
    public ValueTask<long> FindOffsetAsync(
        TopicPartition partition, long timeMs, CancellationToken cancellationToken) =>
        Log.FindOffsetAsync(partition, timeMs, cancellationToken);

    /// <inheritdoc/>
    public virtual ValueTask DisposeAsync() => Log.DisposeAsync();
}
