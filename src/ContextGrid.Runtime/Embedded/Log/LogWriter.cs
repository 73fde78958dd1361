using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.Embedded.Log;

/// <summary>
/// Writes a commit: each partition's file once, then an fsync of each, then readers see it. Used by the log's writer
/// alone.
/// </summary>
internal sealed class LogWriter(FileEventLogOptions options, TimeProvider time)
{
    private readonly List<LogSegment> _segments = [];

    /// <summary>How many segments were begun; retention runs when it grows.</summary>
    public int SegmentsBegun { get; private set; }

    /// <summary>Makes a group durable and visible.</summary>
    /// <returns>Null, or why nothing of it counts. <see cref="EventLogError.Full"/>: the files are as they were before.
    /// <see cref="EventLogError.Unavailable"/>: nobody knows what is on the disk, and the log must be opened
    /// anew.</returns>
    public async ValueTask<EventLogException?> CommitAsync(CommitGroup group)
    {
        _segments.Clear();
        bool flushing = false;
        try
        {
            WriteAll(group);
            flushing = true;
            await FlushAllAsync();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            bool restored = Restore();
            return !flushing && restored && IsFull(e) ? Full(e) : Broken(e);
        }

        for (int i = 0; i < _segments.Count; i++)
        {
            group.Writes[i].Partition.Publish(_segments[i], group.Writes[i]);
        }

        return null;
    }

    /// <summary>
    /// Writes what is new in the indexes. They can be made anew, so a failure waits for the next commit.
    /// </summary>
    public void PersistIndexes()
    {
        foreach (LogSegment segment in _segments)
        {
            segment.TryPersistIndex(flush: false);
        }
    }

    private static EventLogException Full(Exception e) => new(
        EventLogError.Full, "No space is left for the log; nothing of this append was kept. Free some space, or lower "
        + "the log's retention, and append again.", e);

    private static EventLogException Broken(Exception e) => new(
        EventLogError.Unavailable,
            $"The log could not be written ({e.Message}). What the disk holds of the last append "
        + "is unknown, so the log takes no more until it is opened again: check the disk and restart the server.", e);

    private static bool IsFull(Exception e) => e.HResult is 28 or 122 or unchecked((int)0x80070070);

    private void WriteAll(CommitGroup group)
    {
        long now = time.GetUtcNow().ToUnixTimeMilliseconds();
        foreach (PartitionWrite write in group.Writes)
        {
            LogSegment active = write.Partition.Segments[^1];
            LogSegment segment = write.Partition.MakeRoom(write.Length, now, options);
            SegmentsBegun += segment == active ? 0 : 1;
            _segments.Add(segment);
            segment.File.Write(write.Bytes, segment.DurableBytes);
        }
    }

    // The file system gathers concurrent fsyncs into one commit of its journal.
    private Task FlushAllAsync() => Task.WhenAll(_segments.Select(segment => segment.File.FlushAsync().AsTask()));

    private bool Restore()
    {
        bool restored = true;
        foreach (LogSegment segment in _segments)
        {
            try
            {
                // Flushed, since the segment may be closed next: only of the newest one a torn end is cut at a start.
                segment.File.SetLength(segment.DurableBytes);
                segment.File.Flush();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                restored = false;
            }
        }

        return restored;
    }
}
