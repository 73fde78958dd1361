using System.Buffers.Binary;
using ContextGrid.Core.Snapshots;
using ContextGrid.Runtime.Files;

namespace ContextGrid.Runtime.Embedded.Log;

/// <summary>
/// The sparse index of one segment, by offset and by time, one entry each 32 KiB. In its file an entry has 24 bytes,
/// little endian: 0 offset − base offset (uint32), 4 position in the segment (uint32), 8 the newest timestamp before
/// it (int64), 16 CRC-32C of the base offset (int64) and bytes 0–15 (uint32), 20 zero. The last entry of a closed
/// segment stands for its end. The index is only a help: missing or wrong, it is made anew. Thread-safe.
/// </summary>
internal sealed class SegmentIndex(long baseOffset)
{
    /// <summary>The bytes of log between two entries, at least.</summary>
    public const int Interval = 32 * 1024;

    private const int EntryBytes = 24;
    private readonly Lock _gate = new();
    private readonly List<Entry> _entries = [];
    private int _persisted;
    private long _maxTimestamp = long.MinValue;

    /// <summary>The newest timestamp in the segment; <see cref="long.MinValue"/>: none.</summary>
    public long MaxTimestamp
    {
        get
        {
            lock (_gate)
            {
                return _maxTimestamp;
            }
        }
    }

    /// <summary>The last entry; null: none.</summary>
    public Entry? Last
    {
        get
        {
            lock (_gate)
            {
                return _entries.Count == 0 ? null : _entries[^1];
            }
        }
    }

    /// <summary>Reads the entries that are right and within the log; what follows a wrong one is left out.</summary>
    public static SegmentIndex Load(IFileSystem files, string path, long baseOffset, long logLength)
    {
        var index = new SegmentIndex(baseOffset);
        byte[] bytes = files.FileExists(path) ? files.ReadAllBytes(path) : [];
        var previous = new Entry(baseOffset - 1, 0, long.MinValue);
        for (int at = 0; at + EntryBytes <= bytes.Length; at += EntryBytes)
        {
            ReadOnlySpan<byte> raw = bytes.AsSpan(at, EntryBytes);
            var entry = new Entry(
                baseOffset + BinaryPrimitives.ReadUInt32LittleEndian(raw),
                BinaryPrimitives.ReadUInt32LittleEndian(raw[4..]),
                BinaryPrimitives.ReadInt64LittleEndian(raw[8..]));
            bool right = BinaryPrimitives.ReadUInt32LittleEndian(raw[16..]) == Checksum(baseOffset, raw)
                && entry.Offset > previous.Offset && entry.Position > previous.Position && entry.Position <= logLength;
            if (!right)
            {
                break;
            }

            index._entries.Add(previous = entry);
        }

        index._persisted = index._entries.Count;
        index._maxTimestamp = index._persisted == 0 ? long.MinValue : previous.MaxTimestampBefore;
        return index;
    }

    /// <summary>Forgets the last entry, which proved wrong.</summary>
    public void DropLast()
    {
        lock (_gate)
        {
            _entries.RemoveAt(_entries.Count - 1);
            _persisted = Math.Min(_persisted, _entries.Count);
            _maxTimestamp = _entries.Count == 0 ? long.MinValue : _entries[^1].MaxTimestampBefore;
        }
    }

    /// <summary>Takes notice of a durable record; records come in order.</summary>
    public void Observe(long offset, long position, long timestampMs)
    {
        lock (_gate)
        {
            if (_entries.Count == 0 || position - _entries[^1].Position >= Interval)
            {
                _entries.Add(new Entry(offset, position, _maxTimestamp));
            }

            _maxTimestamp = Math.Max(_maxTimestamp, timestampMs);
        }
    }

    /// <summary>Adds the entry that stands for the segment's end.</summary>
    public void Close(long endOffset, long endPosition)
    {
        lock (_gate)
        {
            if (_entries.Count > 0 && _entries[^1].Position < endPosition)
            {
                _entries.Add(new Entry(endOffset, endPosition, _maxTimestamp));
            }
        }
    }

    /// <summary>The last entry at or before an offset; null: none.</summary>
    public Entry? FindOffset(long offset) => FindLast(entry => entry.Offset <= offset);

    /// <summary>
    /// The last entry before which every timestamp is smaller than <paramref name="timeMs"/>; null: none.
    /// </summary>
    public Entry? FindTime(long timeMs) => FindLast(entry => entry.MaxTimestampBefore < timeMs);

    /// <summary>Appends the entries that are not in the file yet.</summary>
    /// <param name="files">Where the file is.</param>
    /// <param name="path">The index file.</param>
    /// <param name="flush">Whether to wait until they are on the disk.</param>
    /// <exception cref="IOException">They could not be written; a later call tries again.</exception>
    public void Persist(IFileSystem files, string path, bool flush)
    {
        lock (_gate)
        {
            if (_persisted == _entries.Count)
            {
                return;
            }

            byte[] bytes = new byte[(_entries.Count - _persisted) * EntryBytes];
            for (int i = _persisted; i < _entries.Count; i++)
            {
                Write(bytes.AsSpan((i - _persisted) * EntryBytes, EntryBytes), _entries[i]);
            }

            using IFile file = files.Open(path, FileMode.OpenOrCreate, FileAccess.Write);
            file.SetLength((long)_persisted * EntryBytes);
            file.Write(bytes, (long)_persisted * EntryBytes);
            if (flush)
            {
                file.Flush();
            }

            _persisted = _entries.Count;
        }
    }

    private static uint Checksum(long baseOffset, ReadOnlySpan<byte> entry)
    {
        Span<byte> number = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(number, baseOffset);
        return Crc32C.Append(Crc32C.Compute(number), entry[..16]);
    }

    private void Write(Span<byte> target, Entry entry)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(target, (uint)(entry.Offset - baseOffset));
        BinaryPrimitives.WriteUInt32LittleEndian(target[4..], (uint)entry.Position);
        BinaryPrimitives.WriteInt64LittleEndian(target[8..], entry.MaxTimestampBefore);
        BinaryPrimitives.WriteUInt32LittleEndian(target[16..], Checksum(baseOffset, target));
    }

    private Entry? FindLast(Predicate<Entry> holds)
    {
        lock (_gate)
        {
            int low = 0, high = _entries.Count;
            while (low < high)
            {
                int middle = (low + high) / 2;
                (low, high) = holds(_entries[middle]) ? (middle + 1, high) : (low, middle);
            }

            return low == 0 ? null : _entries[low - 1];
        }
    }

    /// <summary>One entry: a record's offset and position, and the newest timestamp in the segment before it.</summary>
    internal readonly record struct Entry(long Offset, long Position, long MaxTimestampBefore);
}
