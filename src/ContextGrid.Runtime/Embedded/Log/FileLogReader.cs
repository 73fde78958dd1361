using ContextGrid.Runtime.Files;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.Embedded.Log;

/// <summary>
/// Reads one partition of a <see cref="FileEventLog"/> from the page cache, checking each record's CRC.
/// </summary>
internal sealed class FileLogReader(
    LogPartition partition, long fromOffset, FileEventLogOptions options, TimeProvider time) : ILogReader
{
    private LogSegment? _segment;
    private long _position;
    private long _segmentEnd; // Where the next segment starts: what a cut removed may be back, if its flush had failed.

    /// <inheritdoc/>
    public long NextOffset { get; private set; } = fromOffset;

    /// <inheritdoc/>
    public LogEnd End => new(SeenMs: time.GetUtcNow().ToUnixTimeMilliseconds(), Offset: partition.End);

    /// <inheritdoc/>
    public async ValueTask<ReadOutcome> ReadAsync(LogBatch batch, TimeSpan wait, CancellationToken cancellationToken)
    {
        long started = time.GetTimestamp();
        while (true)
        {
            long seen = partition.Advanced.Version;
            ReadOutcome outcome = Read(batch);
            TimeSpan left = wait - time.GetElapsedTime(started);
            if (outcome != ReadOutcome.None || left <= TimeSpan.Zero)
            {
                return outcome;
            }

            // The change may be one whose records an earlier read has brought already.
            await partition.Advanced.WaitAsync(seen, left, time, cancellationToken);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private ReadOutcome Read(LogBatch batch)
    {
        batch.Clear();
        while (true)
        {
            ThrowIfClosed();
            if (NextOffset < partition.Start)
            {
                (NextOffset, _segment) = (partition.Start, null);
                return ReadOutcome.OffsetGone;
            }

            if (partition.End is long end && NextOffset >= end)
            {
                return NextOffset == end ? ReadOutcome.None : throw EndsEarly(end);
            }

            try
            {
                if (_segment is null)
                {
                    Seek();
                }
                else if (Fill(batch, _segment))
                {
                    return ReadOutcome.Records;
                }
            }
            catch (ObjectDisposedException)
            {
                // Retention took the segment, or the log was closed: the next round says which.
                _segment = null;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // An index that can't be loaded: a passing fault, or retention was faster, which the next read tells.
                throw Unreadable(e);
            }
        }
    }

    private EventLogException Unreadable(Exception cause) => new(
        EventLogError.Unavailable, $"{partition.Name} can't be read at offset {NextOffset}: {cause.Message}", cause);

    private void ThrowIfClosed()
    {
        if (partition.IsClosed)
        {
            throw new EventLogException(EventLogError.Unavailable, $"The log of {partition.Name} is closed.");
        }
    }

    private void Seek()
    {
        LogSegment[] segments = partition.Segments;
        if (LogPartition.FindSegment(segments, NextOffset) is >= 0 and int place)
        {
            _segment = segments[place];
            _segmentEnd = place + 1 < segments.Length ? segments[place + 1].BaseOffset : long.MaxValue;
            _position = _segment.Index.FindOffset(NextOffset)?.Position ?? LogSegment.HeaderBytes;
        }
    }

    private bool Fill(LogBatch batch, LogSegment segment)
    {
        long available = segment.DurableBytes - _position;
        if (available <= 0 || NextOffset == _segmentEnd)
        {
            Advance(segment);
            return false;
        }

        (int read, int at) = (Load(batch, segment, (int)Math.Min(available, options.ReadBytesMax)), 0);
        while (at < read && batch.Count < options.ReadRecordsMax && NextOffset < _segmentEnd)
        {
            int size = RecordFormat.SizeAt(batch.Buffer.AsSpan(at, read - at));
            bool whole = read - at >= 4 && size <= read - at;
            if (!whole && at == 0 && size > 0 && size <= available)
            {
                read = Load(batch, segment, size);
                whole = true;
            }

            bool cut = !whole && available - at < Math.Max(size, 4);
            string? wrong = cut ? "a record's length is wrong" : whole ? Take(batch, at, size) : null;
            if (wrong is not null && batch.Count == 0)
            {
                throw Damaged(segment, _position + at, wrong);
            }

            if (!whole || wrong is not null)
            {
                break;
            }

            at += size;
        }

        _position += at;
        return batch.Count > 0;
    }

    private int Load(LogBatch batch, LogSegment segment, int bytes)
    {
        batch.BytesUsed = 0;
        batch.Reserve(bytes);
        batch.BytesUsed = bytes;
        try
        {
            int filled = segment.File.ReadFully(batch.Buffer.AsSpan(0, bytes), _position);
            return filled == bytes ? bytes : throw Damaged(segment, _position + filled, "the file is cut short");
        }
        catch (IOException e)
        {
            throw new EventLogException(EventLogError.Unavailable, $"{segment.LogPath} can't be read: {e.Message}", e);
        }
    }

    private string? Take(LogBatch batch, int at, int size)
    {
        ReadOnlySpan<byte> record = batch.Buffer.AsSpan(at, size);
        if (size == 0 || !RecordFormat.IsIntact(record))
        {
            return "the checksum does not match";
        }

        // A seek starts at an index entry, before the offset that is wanted.
        long offset = RecordFormat.Offset(record);
        if (offset == NextOffset)
        {
            batch.Add(RecordFormat.Entry(record, at));
            NextOffset++;
        }

        return offset < NextOffset ? null : "the offset wanted is missing";
    }

    private void Advance(LogSegment segment)
    {
        LogSegment[] segments = partition.Segments;
        int next = Array.IndexOf(segments, segment) + 1;
        if (next > 0 && (next == segments.Length || segments[next].BaseOffset != NextOffset))
        {
            throw Damaged(segment, _position, "the file ends before its last record");
        }

        _segment = null;
    }

    private EventLogException EndsEarly(long end) => new(
        EventLogError.Corrupt, $"{partition.Name} ends at offset {end}, before the offset {NextOffset} that was asked "
        + "for: records that were durable are missing. Restore the log's directory from a copy.");

    private EventLogException Damaged(LogSegment segment, long position, string what) => new(
        EventLogError.Corrupt, $"{segment.LogPath} is damaged at byte {position}, offset {NextOffset}: {what}. Restore "
        + "the file from a copy.");
}
