using System.Buffers.Binary;
using ContextGrid.Core.Snapshots;
using ContextGrid.Runtime.Embedded.Log;

namespace ContextGrid.Runtime.Verification;

/// <summary>
/// Compares the index of a segment of the log with the segment's records while they are read. An index is a help only;
/// but an entry behind the segment's end proves that durable records were lost.
/// </summary>
internal sealed class SegmentIndexVerifier
{
    private const int EntryBytes = 24;
    private const string Anew = "An index is a help only; a start or the first read makes it anew.";
    private const string Move = "Nothing needs it; --repair moves it aside.";

    private readonly VerifyReport _report;
    private readonly string _path;
    private readonly bool _newest;
    private readonly List<SegmentIndex.Entry> _entries = [];
    private int _at;
    private bool _wrong;

    private SegmentIndexVerifier(VerifyReport report, string path, bool newest) =>
        (_report, _path, _newest) = (report, path, newest);

    /// <summary>The position up to which the index proves that the segment was durable.</summary>
    public long ProvenTo { get; private set; }

    /// <summary>Reads an index and checks its form; null when there is none.</summary>
    public static SegmentIndexVerifier? Load(
        VerifyReport report, string path, long baseOffset, long logBytes, bool newest)
    {
        if (!File.Exists(path))
        {
            if (!newest || logBytes > LogSegment.HeaderBytes)
            {
                report.Info(path, null, "The segment has no index.", Anew);
            }

            return null;
        }

        var index = new SegmentIndexVerifier(report, path, newest);
        using FileStream file = File.OpenRead(path);
        report.Bytes += file.Length;
        index.Read(file, baseOffset, logBytes);
        return index;
    }

    /// <summary>Compares with a record.</summary>
    /// <param name="offset">The record's offset.</param>
    /// <param name="position">Where it starts.</param>
    /// <param name="newestMs">The newest timestamp before it.</param>
    public void See(long offset, long position, long newestMs)
    {
        if (_at >= _entries.Count || _entries[_at].Position > position)
        {
            return;
        }

        SegmentIndex.Entry entry = _entries[_at];
        if (entry != new SegmentIndex.Entry(offset, position, newestMs))
        {
            Report(_at, $"The entry for byte {entry.Position} and offset {entry.Offset} fits no record.");
        }

        Skip(position + 1);
    }

    /// <summary>Passes the entries before a position: there the records are damaged.</summary>
    public void Skip(long position)
    {
        while (_at < _entries.Count && _entries[_at].Position < position)
        {
            _at++;
        }
    }

    /// <summary>Compares with the end of the records.</summary>
    public void End(long offset, long position, long newestMs, bool cut)
    {
        if (_wrong || cut)
        {
            return;
        }

        if (_at < _entries.Count)
        {
            See(offset, position, newestMs);
        }
        else if (!_newest && ProvenTo < position)
        {
            _report.Info(_path, (long)_entries.Count * EntryBytes, "The index does not reach the segment's end.", Anew);
        }
    }

    private void Read(FileStream file, long baseOffset, long logBytes)
    {
        Span<byte> raw = stackalloc byte[EntryBytes];
        var previous = new SegmentIndex.Entry(baseOffset - 1, 0, long.MinValue);
        while (file.ReadAtLeast(raw, EntryBytes, throwOnEndOfStream: false) is var read && read > 0)
        {
            var entry = new SegmentIndex.Entry(
                baseOffset + BinaryPrimitives.ReadUInt32LittleEndian(raw),
                BinaryPrimitives.ReadUInt32LittleEndian(raw[4..]),
                BinaryPrimitives.ReadInt64LittleEndian(raw[8..]));
            bool right = read == EntryBytes && BinaryPrimitives.ReadUInt32LittleEndian(raw[20..]) == 0
                && BinaryPrimitives.ReadUInt32LittleEndian(raw[16..]) == Checksum(baseOffset, raw)
                && entry.Offset > previous.Offset && entry.Position > previous.Position;
            if (!right)
            {
                Report(_entries.Count, "An entry is not what was written.");
                return;
            }

            if (entry.Position > logBytes)
            {
                _report.Error(
                    _path, (long)_entries.Count * EntryBytes,
                    $"An entry for offset {entry.Offset} stands at byte {entry.Position}, but the segment ends at byte "
                    + $"{logBytes}: durable records at its end are lost.",
                    "A start does not notice, unless a checkpoint reflects them.",
                    "Restore the segment from a backup.");
                return;
            }

            _entries.Add(previous = entry);
            ProvenTo = entry.Position;
        }
    }

    private void Report(int entry, string what)
    {
        if (!_wrong)
        {
            _wrong = true;
            _report.Warning(_path, (long)entry * EntryBytes, what, Anew, Move);
            _report.MayMove(_path);
        }
    }

    private static uint Checksum(long baseOffset, ReadOnlySpan<byte> entry)
    {
        Span<byte> number = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(number, baseOffset);
        return Crc32C.Append(Crc32C.Compute(number), entry[..16]);
    }
}
