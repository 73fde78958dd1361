using ContextGrid.Runtime.Ingestion;
using ContextGrid.Simulation.Tests.Truth;

namespace ContextGrid.Simulation.Tests.World;

/// <summary>
/// Stands before a log and tells the truth-keeper what was acknowledged; takes its time before and after, as the port
/// allows.
/// </summary>
internal sealed class ObservedLog(IEventLog log, LogTruth truth, TimeProvider clock, Random random, TimeSpan most)
    : IEventLog
{
    public ValueTask<int> CountPartitionsAsync(string topic, CancellationToken cancellationToken) =>
        log.CountPartitionsAsync(topic, cancellationToken);

    public async ValueTask<LogRange> GetRangeAsync(TopicPartition partition, CancellationToken cancellationToken)
    {
        await WaitAsync();
        return await log.GetRangeAsync(partition, cancellationToken);
    }

    public async ValueTask AppendAsync(
        string topic,
        ReadOnlyMemory<LogRecord> records,
        Memory<RecordPosition> positions,
        CancellationToken cancellationToken)
    {
        await WaitAsync();
        await log.AppendAsync(topic, records, positions, cancellationToken);
        for (int i = 0; i < records.Length; i++)
        {
            RecordPosition position = positions.Span[i];
            LogRecord record = records.Span[i];
            truth.Acknowledge(
                new TopicPartition(topic, position.Partition), position.Offset, record.TimestampMs,
                record.Value.ToArray(), record.Headers.ToArray());
        }

        await WaitAsync();
    }

    public bool GoesOnWhenReplaced(string topic) => log.GoesOnWhenReplaced(topic);

    public ILogReader OpenReader(TopicPartition partition, long fromOffset) =>
        new ObservedReader(log.OpenReader(partition, fromOffset), this);

    public ValueTask<long> FindOffsetAsync(
        TopicPartition partition, long timeMs, CancellationToken cancellationToken) =>
        log.FindOffsetAsync(partition, timeMs, cancellationToken);

    public ValueTask DisposeAsync() => log.DisposeAsync();

    private Task WaitAsync() => Task.Delay(most * random.NextDouble(), clock);

    private sealed class ObservedReader(ILogReader reader, ObservedLog log) : ILogReader
    {
        public long NextOffset => reader.NextOffset;

        public LogEnd End => reader.End;

        public async ValueTask<ReadOutcome> ReadAsync(
            LogBatch batch, TimeSpan wait, CancellationToken cancellationToken)
        {
            await log.WaitAsync();
            return await reader.ReadAsync(batch, wait, cancellationToken);
        }

        public ValueTask DisposeAsync() => reader.DisposeAsync();
    }
}
