using ContextGrid.Runtime.Files;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.Embedded.Log;

/// <summary>
/// One partition: its segments and what of them is durable. The log's writer alone appends; readers and retention run
/// beside it.
/// </summary>
internal sealed class LogPartition : IDisposable
{
    private readonly Lock _gate = new();
    private readonly IFileSystem _files;
    private readonly string _directory;
    private readonly Queue<LogSegment> _leaving = new();
    private readonly Lock _retaining = new();
    private LogSegment[] _segments;
    private long _end;
    private bool _closed;

    /// <summary>Takes over the recovered segments; at least one, in order.</summary>
    public LogPartition(IFileSystem files, TopicPartition name, string directory, LogSegment[] segments, long end)
    {
        _files = files;
        Name = name;
        _directory = directory;
        _segments = segments;
        _end = end;
        NextOffset = end;
    }

    /// <summary>Its topic and number.</summary>
    public TopicPartition Name { get; }

    /// <summary>The offset that the next appended record gets; guarded by the log's gate.</summary>
    public long NextOffset { get; set; }

    /// <summary>Its part of the group that gathers now; null: none. Guarded by the log's gate.</summary>
    public PartitionWrite? Pending { get; set; }

    /// <summary>A write to reuse; null: none. Guarded by the log's gate.</summary>
    public PartitionWrite? Spare { get; set; }

    /// <summary>The first retained offset.</summary>
    public long Start => Volatile.Read(ref _segments)[0].BaseOffset;

    /// <summary>The offset after the last durable record.</summary>
    public long End => Volatile.Read(ref _end);

    /// <summary>Whether the log is closed.</summary>
    public bool IsClosed => Volatile.Read(ref _closed);

    /// <summary>Set when there are more durable records, and when the log is closed.</summary>
    public Signal Advanced { get; } = new();

    /// <summary>The segments, oldest first; the last is the active one. Never changed in place.</summary>
    public LogSegment[] Segments => Volatile.Read(ref _segments);

    /// <summary>The segment that takes a commit of some bytes: the active one, or a new one.</summary>
    public LogSegment MakeRoom(int bytes, long nowMs, FileEventLogOptions options)
    {
        LogSegment active = Segments[^1];
        bool empty = active.DurableBytes == LogSegment.HeaderBytes;
        bool old = options.SegmentAgeMax > TimeSpan.Zero
            && nowMs - active.CreatedMs >= options.SegmentAgeMax.TotalMilliseconds;
        if (empty || (!old && active.DurableBytes + bytes <= options.SegmentBytesMax))
        {
            return active;
        }

        active.Index.Close(End, active.DurableBytes);
        active.TryPersistIndex(flush: true);

        // Last, since nothing may fail after it: a segment on the disk that the writer does not use would hide, at the
        // next start, what the active one has taken meanwhile.
        LogSegment next = LogSegment.Create(_files, _directory, End, nowMs);
        lock (_gate)
        {
            Volatile.Write(ref _segments, [.. _segments, next]);
        }

        return next;
    }

    /// <summary>Shows durable records to readers.</summary>
    public void Publish(LogSegment segment, PartitionWrite write)
    {
        write.Index(segment.Index, segment.DurableBytes);
        segment.DurableBytes += write.Length;
        Volatile.Write(ref _end, write.FirstOffset + write.Count);
        Advanced.Set();
    }

    /// <summary>
    /// The place of the segment that has an offset, among <paramref name="segments"/>; −1: it is gone.
    /// </summary>
    public static int FindSegment(LogSegment[] segments, long offset)
    {
        int low = 0, high = segments.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = segments[middle].BaseOffset <= offset ? (middle + 1, high) : (low, middle);
        }

        return low - 1;
    }

    /// <summary>Deletes the oldest segments beyond the limits; never the active one.</summary>
    /// <returns>How many.</returns>
    /// <exception cref="IOException">One can't be deleted; the next call begins with it.</exception>
    public int Retain(long nowMs, FileEventLogOptions options)
    {
        lock (_retaining)
        {
            lock (_gate)
            {
                // Readers must see the new start before the first file goes.
                int gone = _closed ? 0 : CountGone(nowMs, options);
                Array.ForEach(_segments[..gone], _leaving.Enqueue);
                Volatile.Write(ref _segments, _segments[gone..]);
            }

            int deleted = 0;
            while (_leaving.TryPeek(out LogSegment? oldest))
            {
                // One after the other, and none before an older one that could not be deleted: if a crash brought an
                // older one back and no newer one, the log would have a hole.
                oldest.Delete();
                _files.SyncDirectory(_directory);
                _leaving.Dequeue();
                deleted++;
            }

            return deleted;
        }
    }

    /// <summary>Wakes the readers, which then find the log closed, and closes the files.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            Volatile.Write(ref _closed, true);
        }

        Advanced.Set();
        foreach (LogSegment segment in Segments)
        {
            segment.Dispose();
        }
    }

    private int CountGone(long nowMs, FileEventLogOptions options)
    {
        long bytes = 0;
        foreach (LogSegment segment in _segments)
        {
            bytes += segment.DurableBytes;
        }

        int gone = 0;
        for (; gone < _segments.Length - 1; gone++)
        {
            bool large = options.RetentionBytes > 0 && bytes > options.RetentionBytes;
            bool old = options.RetentionTime > TimeSpan.Zero
                && nowMs - _segments[gone + 1].CreatedMs > options.RetentionTime.TotalMilliseconds;
            if (!large && !old)
            {
                break;
            }

            bytes -= _segments[gone].DurableBytes;
        }

        return gone;
    }
}
