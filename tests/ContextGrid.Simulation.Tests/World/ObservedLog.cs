using ContextGrid.Runtime.Ingestion;
using ContextGrid.Simulation.Tests.Truth;
using ContextGrid.TestKit.Logs;

namespace ContextGrid.Simulation.Tests.World;

/// <summary>
/// Stands before a log and tells the truth-keeper what was acknowledged; takes its time before and after, as the port
/// allows.
/// </summary>
internal sealed class ObservedLog(IEventLog log, LogTruth truth, TimeProvider clock, Random random, TimeSpan most)
    : ForwardingLog(log)
{
    public override async ValueTask<LogRange> GetRangeAsync(
        TopicPartition partition, CancellationToken cancellationToken)
    {
        await WaitAsync();
        return await base.GetRangeAsync(partition, cancellationToken);
    }

    public override async ValueTask AppendAsync(
        string topic,
        ReadOnlyMemory<LogRecord> records,
        Memory<RecordPosition> positions,
        CancellationToken cancellationToken)
    {
        await WaitAsync();
        await base.AppendAsync(topic, records, positions, cancellationToken);
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

    public override ILogReader OpenReader(TopicPartition partition, long fromOffset) =>
        new ObservedReader(base.OpenReader(partition, fromOffset), this);

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
