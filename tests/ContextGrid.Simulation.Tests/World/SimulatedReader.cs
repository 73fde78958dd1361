using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Simulation.Tests.World;

/// <summary>Reads a partition of a <see cref="SimulatedLog"/>.</summary>
internal sealed class SimulatedReader(SimulatedLog log, SimulatedPartition partition, long from) : ILogReader
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    private LogEnd _end = new(from, 0);

    public long NextOffset { get; private set; } = from;

    public LogEnd End => _end;

    private long NowMs => (log.Clock.GetUtcNow() + log.Skew).ToUnixTimeMilliseconds();

    public async ValueTask<ReadOutcome> ReadAsync(
        LogBatch batch, TimeSpan wait, CancellationToken cancellationToken)
    {
        batch.Clear();
        await log.CallAsync();
        for (TimeSpan waited = TimeSpan.Zero, pause = TimeSpan.FromMilliseconds(100); ; waited += pause, pause *= 2)
        {
            if (partition.IsPaused)
            {
                // Nobody looks either: what is known of the end grows old.
                await Task.Delay(wait > TimeSpan.Zero ? wait : Patience, log.Clock, cancellationToken);
                return wait > TimeSpan.Zero
                    ? ReadOutcome.None
                    : throw new EventLogException(EventLogError.Unavailable, "The partition can't be fetched.");
            }

            if (NextOffset < partition.Start)
            {
                NextOffset = partition.Start;
                return ReadOutcome.OffsetGone;
            }

            if (Fill(batch))
            {
                _end = log.Topology.IsLate(NowMs - _end.SeenMs) ? _end : new LogEnd(partition.End, NowMs);
                _end = _end with { Offset = Math.Max(_end.Offset, NextOffset) };
                return ReadOutcome.Records;
            }

            // Behind the last record may be offsets that hold none.
            NextOffset = Math.Max(NextOffset, partition.End);
            _end = new LogEnd(partition.End, NowMs);

            if (waited >= wait)
            {
                return ReadOutcome.None;
            }

            await Task.Delay(pause, log.Clock, cancellationToken);
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private bool Fill(LogBatch batch)
    {
        int most = log.Chance.Next(1, 20);
        foreach ((long offset, LogRecord record) in partition.Records)
        {
            if (offset >= NextOffset && batch.Count < most)
            {
                Add(batch, offset, record);
                NextOffset = offset + 1;
            }
        }

        return batch.Count > 0;
    }

    private static void Add(LogBatch batch, long offset, LogRecord record)
    {
        int start = batch.BytesUsed, key = record.Key.Length, value = record.Value.Length;
        batch.Reserve(key + value + record.Headers.Length);
        record.Key.Span.CopyTo(batch.Buffer.AsSpan(start));
        record.Value.Span.CopyTo(batch.Buffer.AsSpan(start + key));
        record.Headers.Span.CopyTo(batch.Buffer.AsSpan(start + key + value));
        batch.BytesUsed += key + value + record.Headers.Length;
        batch.Add(new LogBatch.Entry(
            offset, record.TimestampMs, start, key, start + key, value, start + key + value,
            record.Headers.Length));
    }
}

/// <summary>A partition of a <see cref="SimulatedLog"/>.</summary>
internal sealed class SimulatedPartition
{
    public List<(long Offset, LogRecord Record)> Records { get; } = [];

    public long Start { get; set; }

    public long End { get; set; }

    /// <summary>Whether it can't be fetched at present.</summary>
    public bool IsPaused { get; set; }
}
