using Confluent.Kafka;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Adapters.Kafka;

/// <summary>
/// What was fetched of one partition and not taken yet. The polling thread fills it, one reader takes all of it at once
/// by exchanging buffers.
/// </summary>
/// <param name="number">The partition's number.</param>
/// <param name="next">The first offset.</param>
/// <param name="options">The settings.</param>
/// <param name="isCompacted">Whether offsets without a record are to be noted.</param>
internal sealed class FetchedPartition(int number, long next, KafkaOptions options, bool isCompacted)
{
    // What is looked at of one buffer: the longest ones.
    private const int HolesMax = 8;

    private List<OffsetGap>? _holes;
    private readonly object _gate = new(); // Monitor's, to wait for space.
    private readonly LogBatch _records = new();
    private long _next = next;
    private LogEnd _end = new(-1, 0);
    private long _reached = -1;
    private Error? _fault;
    private bool _isOutOfRange;

    /// <summary>The partition's number.</summary>
    internal int Number => number;

    /// <summary>Set whenever there is something new.</summary>
    internal Signal Changed { get; } = new();

    /// <summary>Whether fetching is paused; the polling thread's.</summary>
    internal bool IsPaused { get; set; }

    /// <summary>Whether no more records are to be added.</summary>
    internal bool IsFull
    {
        get
        {
            lock (_gate)
            {
                return _records.Count >= options.BufferedRecordsMax
                    || _records.BytesUsed >= options.BufferedBytesMax;
            }
        }
    }

    /// <summary>The end as it was seen last.</summary>
    internal LogEnd End
    {
        get
        {
            lock (_gate)
            {
                return _end;
            }
        }
    }

    /// <summary>Waits for space; false: there is none in the time given.</summary>
    internal bool WaitForSpace(TimeSpan most)
    {
        lock (_gate)
        {
            return !IsFull || (Monitor.Wait(_gate, most) && !IsFull);
        }
    }

    /// <summary>Adds the record in the buffer.</summary>
    /// <returns>Whether there is space for more.</returns>
    internal bool Add(ConsumeResult<int, int> result, RecordBuffer buffer)
    {
        bool isFirst, hasSpace;
        lock (_gate)
        {
            if (result.Offset.Value < _next)
            {
                return true; // Of an assignment before: the fetch began at the next offset.
            }

            NoteHole(result.Offset.Value);
            isFirst = _records.Count == 0;
            int at = _records.BytesUsed, headers = KafkaHeaders.MeasureBytes(result.Message.Headers);
            ReadOnlySpan<byte> bytes = buffer.Bytes;
            _records.Reserve(bytes.Length + headers);
            bytes.CopyTo(_records.Buffer.AsSpan(at));
            if (headers > 0)
            {
                KafkaHeaders.Write(
                    result.Message.Headers, _records.Buffer.AsSpan(at + bytes.Length, headers));
            }

            (int key, int value) = (Math.Max(0, result.Message.Key), Math.Max(0, result.Message.Value));
            _records.Add(new LogBatch.Entry(
                result.Offset.Value, Math.Max(0, result.Message.Timestamp.UnixTimestampMs), at, key, at + key, value,
                at + bytes.Length, headers)
            {
                IsTombstone = result.Message.Value == RecordBuffer.Null,
            });
            _records.BytesUsed += bytes.Length + headers;
            _next = result.Offset.Value + 1;
            hasSpace = !IsFull;
        }

        // Whoever waits has found nothing before.
        if (isFirst)
        {
            Changed.Set();
        }

        return hasSpace;
    }

    /// <summary>Notes that everything up to an offset is fetched, and that the partition ended there.</summary>
    internal void ReachEnd(long offset, long seenMs)
    {
        lock (_gate)
        {
            // Behind the last record may be offsets that hold none.
            NoteHole(offset);
            _next = Math.Max(_next, offset);
            _reached = offset;
            _end = new LogEnd(offset, seenMs);
        }

        Changed.Set();
    }

    /// <summary>Notes the partition's end.</summary>
    internal void SeeEnd(long offset, long seenMs)
    {
        lock (_gate)
        {
            _end = new LogEnd(Math.Max(offset, _end.Offset), Math.Max(seenMs, _end.SeenMs));
        }
    }

    /// <summary>Notes that fetching failed.</summary>
    internal void Fail(Error error)
    {
        lock (_gate)
        {
            _isOutOfRange = error.Code is ErrorCode.Local_AutoOffsetReset or ErrorCode.OffsetOutOfRange;
            _fault = error;
        }

        Changed.Set();
    }

    /// <summary>Exchanges what was fetched for an empty batch.</summary>
    /// <param name="batch">Empty.</param>
    /// <returns>What there was, and the offset after it.</returns>
    internal Fetched Take(LogBatch batch)
    {
        lock (_gate)
        {
            if (_records.Count > 0)
            {
                long after = _records[_records.Count - 1].Offset + 1;
                batch.Exchange(_records);
                Monitor.Pulse(_gate);
                return new Fetched(FetchedKind.Records, after, null) { Holes = TakeHoles() };
            }

            return _isOutOfRange ? new Fetched(FetchedKind.OutOfRange, _next, _fault)
                : _fault is { } fault ? new Fetched(FetchedKind.Fault, _next, fault)
                : new Fetched(_reached == _next ? FetchedKind.End : FetchedKind.Nothing, _next, null)
                {
                    Holes = TakeHoles(),
                };
        }
    }

    private void NoteHole(long before)
    {
        if (isCompacted && before > _next)
        {
            _holes ??= [];
            _holes.Add(new OffsetGap(_next, before - 1));
            if (_holes.Count > HolesMax)
            {
                _holes.Remove(_holes.MinBy(h => h.Last - h.First));
            }
        }
    }

    private List<OffsetGap>? TakeHoles()
    {
        List<OffsetGap>? holes = _holes;
        _holes = null;
        return holes;
    }
}

/// <summary>What was taken of a partition.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Next">The offset after it.</param>
/// <param name="Fault">Why fetching failed, if it did.</param>
internal readonly record struct Fetched(FetchedKind Kind, long Next, Error? Fault)
{
    /// <summary>Offsets of a compacted topic that hold no committed record, the longest ones; null: none.</summary>
    internal IReadOnlyList<OffsetGap>? Holes { get; init; }
}

/// <summary>What there is of a partition.</summary>
internal enum FetchedKind
{
    /// <summary>At least one record.</summary>
    Records,

    /// <summary>Nothing yet.</summary>
    Nothing,

    /// <summary>Nothing: everything up to the end has been taken.</summary>
    End,

    /// <summary>The wanted offset is not in the log.</summary>
    OutOfRange,

    /// <summary>Fetching failed.</summary>
    Fault,
}
