using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.Tests.Ingestion;

/// <summary>A log of one partition whose reads the test decides one by one; after the last it waits.</summary>
internal sealed class ScriptedLog : IEventLog, ILogReader
{
    private readonly Queue<Func<LogBatch, ReadOutcome>> _reads = new();

    public long Start { get; set; }

    public long End { get; set; }

    public bool GoesOn { get; set; }

    public long NextOffset { get; private set; }

    LogEnd ILogReader.End => new(End, TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds());

    public int Opened { get; private set; }

    public void ThenRead(LogBatch records) => _reads.Enqueue(into =>
    {
        for (int i = 0; i < records.Count; i++)
        {
            ReadOnlySpan<byte> value = records.Value(i);
            into.Reserve(value.Length);
            value.CopyTo(into.Buffer.AsSpan(into.BytesUsed));
            int at = into.BytesUsed;
            into.Add(new LogBatch.Entry(
                records[i].Offset, records[i].TimestampMs, at, 0, at, value.Length, at, 0));
            into.BytesUsed += value.Length;
        }

        NextOffset = records[records.Count - 1].Offset + 1;
        return ReadOutcome.Records;
    });

    public void ThenNothing() => _reads.Enqueue(_ => ReadOutcome.None);

    public void ThenFail(EventLogError error, string message) =>
        _reads.Enqueue(_ => throw new EventLogException(error, message));

    public ValueTask<int> CountPartitionsAsync(string topic, CancellationToken cancellationToken) => new(1);

    public ValueTask<LogRange> GetRangeAsync(TopicPartition partition, CancellationToken cancellationToken) =>
        new(new LogRange(Start, End));

    public ValueTask AppendAsync(
        string topic,
        ReadOnlyMemory<LogRecord> records,
        Memory<RecordPosition> positions,
        CancellationToken cancellationToken) => throw new InvalidOperationException("Nothing is appended.");

    public bool GoesOnWhenReplaced(string topic) => GoesOn;

    public ILogReader OpenReader(TopicPartition partition, long fromOffset)
    {
        Opened++;
        NextOffset = fromOffset;
        return this;
    }

    public ValueTask<long> FindOffsetAsync(
        TopicPartition partition, long timeMs, CancellationToken cancellationToken) => new(Start);

    public async ValueTask<ReadOutcome> ReadAsync(LogBatch batch, TimeSpan wait, CancellationToken cancellationToken)
    {
        batch.Clear();
        if (_reads.TryDequeue(out Func<LogBatch, ReadOutcome>? read))
        {
            return read(batch);
        }

        await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
        return ReadOutcome.None;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
