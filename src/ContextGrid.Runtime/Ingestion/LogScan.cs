namespace ContextGrid.Runtime.Ingestion;

/// <summary>
/// Reads a range of a partition to its end, and says so when it could not: "not found" must mean that everything was
/// looked at. One thread at a time.
/// </summary>
internal sealed class LogScan : IAsyncDisposable
{
    private static readonly TimeSpan IdleWait = TimeSpan.FromSeconds(1);

    private readonly TopicPartition _partition;
    private readonly long _end;
    private readonly int _idleReadsMax;
    private readonly ILogReader _reader;
    private long? _retainedFrom;

    /// <summary>Opens the range.</summary>
    /// <param name="log">The log.</param>
    /// <param name="partition">The partition.</param>
    /// <param name="from">The first offset.</param>
    /// <param name="end">The offset after the last; durable records stand before it.</param>
    /// <param name="idleReadsMax">How many reads of a second may give nothing; 0: a read that gives nothing at once is
    /// a failure.</param>
    public LogScan(IEventLog log, TopicPartition partition, long from, long end, int idleReadsMax = 5)
    {
        (_partition, _end, _idleReadsMax) = (partition, end, idleReadsMax);
        _reader = log.OpenReader(partition, from);
    }

    /// <summary>The records of the last read; those at or behind the end are not of the range.</summary>
    public LogBatch Batch { get; init; } = new();

    /// <summary>The offset that the next read starts at.</summary>
    public long NextOffset => _reader.NextOffset;

    /// <summary>The first offset that was there behind offsets of the range that no longer are; null: all were.
    /// </summary>
    public long? RetainedFrom => _reader.Removed is { } removed
        ? Math.Max(removed.Last + 1, _retainedFrom ?? 0)
        : _retainedFrom;

    /// <summary>How many records of the batch are in the range.</summary>
    public int Count
    {
        get
        {
            int count = Batch.Count;
            while (count > 0 && Batch[count - 1].Offset >= _end)
            {
                count--;
            }

            return count;
        }
    }

    /// <summary>Reads on.</summary>
    /// <returns>False at the end of the range.</returns>
    /// <exception cref="EventLogException">The log can't be read, or does not give what it has.</exception>
    public async ValueTask<bool> ReadAsync(CancellationToken cancellationToken)
    {
        TimeSpan wait = _idleReadsMax > 0 ? IdleWait : TimeSpan.Zero;
        for (int idle = 0; _reader.NextOffset < _end;)
        {
            ReadOutcome outcome = await _reader.ReadAsync(Batch, wait, cancellationToken);
            if (outcome == ReadOutcome.Records)
            {
                return Count > 0;
            }

            if (outcome == ReadOutcome.OffsetGone)
            {
                _retainedFrom = _reader.NextOffset;
            }
            else if (_reader.NextOffset < _end && ++idle > _idleReadsMax)
            {
                throw new EventLogException(
                    EventLogError.Unavailable,
                    $"{_partition.Topic}/{_partition.Partition} ends at {_end}, but gives nothing after "
                    + $"{_reader.NextOffset - 1}. Try again.");
            }
        }

        return false;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _reader.DisposeAsync();
}
