using ContextGrid.Runtime.Files;

namespace ContextGrid.Runtime.Embedded.Log;

/// <summary>Walks over the records of a segment: at start, and to make an index anew.</summary>
internal static class SegmentScanner
{
    /// <summary>The index of a closed segment, from its file or from its records.</summary>
    public static SegmentIndex LoadOrRebuild(IFileSystem files, LogSegment segment)
    {
        SegmentIndex index = SegmentIndex.Load(
            files, segment.IndexPath, segment.BaseOffset, segment.DurableBytes);
        if (index.Last is { } last && last.Position == segment.DurableBytes)
        {
            return index;
        }

        index = new SegmentIndex(segment.BaseOffset);
        var window = new SegmentWindow(segment.File, segment.DurableBytes);
        (long endOffset, long end) = Walk(window, segment.BaseOffset, LogSegment.HeaderBytes, index);
        if (end == segment.DurableBytes)
        {
            index.Close(endOffset, end);
        }

        return index;
    }

    /// <summary>
    /// Finds the end of the newest segment of a partition, from the last index entry that proves right. Bytes behind
    /// the end are a torn tail. A damaged place that was durable is kept and stepped over: the index has an entry
    /// behind it, or a later commit follows (see <see cref="RecordFormat.FirstOfCommit"/>).
    /// </summary>
    public static ScanResult FindEnd(IFileSystem files, LogSegment segment)
    {
        var window = new SegmentWindow(segment.File, segment.DurableBytes);
        SegmentIndex index = SegmentIndex.Load(files, segment.IndexPath, segment.BaseOffset, window.Length);
        long provenTo = index.Last?.Position ?? 0;
        while (index.Last is { } last && !Proves(window, last))
        {
            index.DropLast();
        }

        long position = index.Last?.Position ?? LogSegment.HeaderBytes;
        long offset = index.Last?.Offset ?? segment.BaseOffset;
        long durableTo = position, damage = -1;
        while (true)
        {
            (offset, position) = Walk(window, offset, position, index);
            long next = FindNext(window, position, offset, anyRecord: position <= provenTo);
            if (next < 0)
            {
                return new ScanResult(index, offset, position, durableTo, damage);
            }

            damage = damage < 0 ? position : damage;
            position = next;
            offset = RecordFormat.Offset(window.At(position, RecordFormat.HeaderBytes));
        }
    }

    private static bool Proves(SegmentWindow window, SegmentIndex.Entry entry)
    {
        ReadOnlySpan<byte> record = window.RecordAt(entry.Position);
        return !record.IsEmpty && RecordFormat.Offset(record) == entry.Offset;
    }

    private static (long Offset, long Position) Walk(
        SegmentWindow window, long offset, long position, SegmentIndex index)
    {
        while (position < window.Length)
        {
            ReadOnlySpan<byte> record = window.RecordAt(position);
            if (record.IsEmpty || RecordFormat.Offset(record) != offset)
            {
                break;
            }

            index.Observe(offset, position, RecordFormat.Timestamp(record));
            position += record.Length;
            offset++;
        }

        return (offset, position);
    }

    private static long FindNext(SegmentWindow window, long damage, long offsetMin, bool anyRecord)
    {
        for (long position = damage + 1; position + RecordFormat.HeaderBytes <= window.Length; position++)
        {
            ReadOnlySpan<byte> header = window.At(position, RecordFormat.HeaderBytes);
            bool plausible = RecordFormat.SizeAt(header) != 0
                && (anyRecord || RecordFormat.Flags(header) == RecordFormat.FirstOfCommit)
                && RecordFormat.Offset(header) > offsetMin
                && RecordFormat.Offset(header) - offsetMin <= window.Length / RecordFormat.HeaderBytes;
            if (plausible && !window.RecordAt(position).IsEmpty)
            {
                return position;
            }
        }

        return -1;
    }
}

/// <summary>What a scan found.</summary>
/// <param name="Index">The index up to the end.</param>
/// <param name="EndOffset">The offset after the last record.</param>
/// <param name="EndPosition">The position after the last record.</param>
/// <param name="DurableTo">Up to here everything is on the disk: an index entry is made after the flush.</param>
/// <param name="DamageAt">The position of damage that was durable; −1: none.</param>
internal sealed record ScanResult(
    SegmentIndex Index, long EndOffset, long EndPosition, long DurableTo, long DamageAt);
