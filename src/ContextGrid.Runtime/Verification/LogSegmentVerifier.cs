using System.Globalization;
using ContextGrid.Runtime.Embedded.Log;
using ContextGrid.Runtime.Files;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.Verification;

/// <summary>
/// Checks one segment of the log record by record, from its first byte to its last, and its index on the way. In the
/// newest segment a torn tail is told apart from damage by the rule of <see cref="SegmentScanner"/>.
/// </summary>
/// <param name="report">Takes the findings.</param>
/// <param name="path">The segment's file.</param>
/// <param name="next">The next segment's first offset; null: it is the newest.</param>
internal sealed class LogSegmentVerifier(VerifyReport report, string path, long? next)
{
    private const string Restore = "Restore the file from a backup.";

    private readonly bool _newest = next is null;
    private bool _damage;
    private long _records;
    private SegmentIndexVerifier? _index;

    /// <summary>Checks the segment.</summary>
    /// <returns>Null when it can't be used at all.</returns>
    public LogSegmentState? Verify()
    {
        LogSegment? segment = Open();
        if (segment is null)
        {
            return null;
        }

        using (segment)
        {
            CheckName(segment.BaseOffset);
            using IFile file = DiskFileSystem.Instance.Open(path, FileMode.Open, FileAccess.Read);
            var window = new SegmentWindow(file, segment.DurableBytes);
            report.Bytes += window.Length;
            _index = SegmentIndexVerifier.Load(report, segment.IndexPath, segment.BaseOffset, window.Length, _newest);
            long end = Walk(window, segment.BaseOffset);
            return new LogSegmentState(path, segment.BaseOffset, end, _records, _damage);
        }
    }

    private LogSegment? Open()
    {
        try
        {
            LogSegment? segment = LogSegment.Open(DiskFileSystem.Instance, path);
            if (segment is null)
            {
                ReportRemnant();
            }

            return segment;
        }
        catch (EventLogException e)
        {
            report.Error(path, 0, e.Message, "A start is refused.",
                $"{Restore} Without one, --give-up names it: it and the older segments are then moved aside.");
            return null;
        }
    }

    private void ReportRemnant()
    {
        string index = Path.ChangeExtension(path, ".index");
        if (!_newest)
        {
            report.Error(path, null, "The segment is empty, but later segments exist: its records are lost.",
                "A start is refused.", Restore);
            return;
        }

        report.MayMove(path);
        if (File.Exists(index) && new FileInfo(index).Length > 0)
        {
            // An index is written after the records that it points to.
            report.Warning(path, null, "It holds no record, but has an index: its records may be lost.",
                "A start removes it.", $"{Restore} Without one, --repair moves it and its index aside.");
            report.MayMove(index);
            return;
        }

        report.Info(path, null, "A crash has interrupted the making of this segment; it holds no record.",
            "A start removes it.", "Nothing needs it; --repair moves it aside.");
    }

    private void CheckName(long baseOffset)
    {
        if (Path.GetFileName(path) != Path.GetFileName(LogSegment.PathFor("", baseOffset)))
        {
            report.Error(
                path, 16, $"Its header says that its first offset is {baseOffset}, which its name does not say.",
                "Readers stop where offsets do not follow each other.", "Give the file back the name that it had.");
        }
    }

    /// <summary>Goes over all records.</summary>
    /// <returns>The offset after the last one, as a start takes it.</returns>
    private long Walk(SegmentWindow window, long offset)
    {
        long position = LogSegment.HeaderBytes, newestMs = long.MinValue;
        while (position < window.Length)
        {
            if (offset == next)
            {
                report.Info(path, position, "What stands here was cut before the next segment was made, but the disk "
                    + "kept it: its flush had failed.", "Nobody reads it: the next segment has these offsets.");
                _index?.End(offset, position, newestMs, cut: true);
                return offset;
            }

            ReadOnlySpan<byte> record = window.RecordAt(position);
            if (!record.IsEmpty && RecordFormat.Offset(record) == offset)
            {
                _index?.See(offset, position, newestMs);
                newestMs = Math.Max(newestMs, RecordFormat.Timestamp(record));
                position += record.Length;
                offset++;
                _records++;
                continue;
            }

            long found = Skip(window, position, offset);
            if (found < 0)
            {
                _index?.End(offset, position, newestMs, cut: true);
                return offset;
            }

            position = found;
            offset = RecordFormat.Offset(window.At(position, RecordFormat.HeaderBytes));
            _index?.Skip(position);
        }

        _index?.End(offset, position, newestMs, cut: false);
        return offset;
    }

    /// <summary>Reports what is wrong at a place.</summary>
    /// <returns>Where the next whole record is; −1: there is none that a start would keep.</returns>
    private long Skip(SegmentWindow window, long position, long offset)
    {
        long found = SegmentScanner.FindNext(window, position, offset, anyRecord: true);
        bool proved = !_newest || position <= (_index?.ProvenTo ?? 0)
            || SegmentScanner.FindNext(window, position, offset, anyRecord: false) >= 0;
        if (!proved || (_newest && found < 0))
        {
            // A record that only moved, with the offset that is due here, was whole once as well.
            long whole = SegmentScanner.FindNext(window, position, offset - 1, anyRecord: true);
            new TornTail(report, path, window).Report(position, offset, whole, proved);
            _damage |= proved;
            return -1;
        }

        _damage = true;
        string lost = found < 0
            ? $"from offset {offset} on"
            : Offsets(offset, RecordFormat.Offset(window.At(found, RecordFormat.HeaderBytes)) - 1);
        report.Error(
            path, position,
            $"{Reason(window, position, offset)}; the records {lost} can't be read.",
            $"The file is kept; whoever reads the partition stops at offset {offset}, and nothing passes it.",
            $"{Restore} Without one, --give-up names it: it and the older segments are then moved aside.");
        return found;
    }

    private static string Reason(SegmentWindow window, long position, long offset)
    {
        int size = RecordFormat.SizeAt(window.At(position, 4));
        if (size == 0)
        {
            return "The length of a record is impossible";
        }

        if (position + size > window.Length)
        {
            return "A record is longer than the rest of the file";
        }

        ReadOnlySpan<byte> record = window.RecordAt(position);
        return record.IsEmpty
            ? "The checksum of a record is wrong"
            : string.Create(
                CultureInfo.InvariantCulture,
                $"A record has offset {RecordFormat.Offset(record)} where {offset} must stand");
    }

    private static string Offsets(long first, long last) =>
        first >= last ? $"at offset {first}" : $"at offsets {first} to {last}";
}
