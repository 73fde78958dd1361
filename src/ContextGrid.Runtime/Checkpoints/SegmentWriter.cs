using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using ContextGrid.Core.Snapshots;

namespace ContextGrid.Runtime.Checkpoints;

/// <summary>
/// Collects records in one pooled buffer and seals them into a segment, sorted, so that merging reads and writes
/// sequentially. Of two records of an entity the one added later stays. One caller at a time; reused after a seal.
/// </summary>
/// <param name="bytesMax">The sealed segment's size; one larger record is taken when it comes first.</param>
internal sealed class SegmentWriter(int bytesMax) : IComparer<SegmentWriter.Entry>, IDisposable
{
    private readonly Dictionary<string, int> _typeIndexes = new(StringComparer.Ordinal);
    private readonly List<byte[]> _types = [];
    private readonly List<Entry> _entries = [];
    private byte[] _data = [];
    private int _length;
    private int _headerBytes = SegmentFormat.HeaderFixedBytes + 4;

    /// <summary>How many records have been added since the last seal.</summary>
    public int Count => _entries.Count;

    /// <summary>Adds a record; an empty snapshot is a deletion.</summary>
    /// <returns>False: it does not fit any more; seal first.</returns>
    public bool TryAdd(string type, ReadOnlySpan<byte> key, ReadOnlySpan<byte> snapshot)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(key.Length, SegmentFormat.KeyBytesMax, nameof(key));
        int record = SegmentFormat.RecordFixedBytes + key.Length + snapshot.Length;
        int sealedBytes = _headerBytes + 2 + (3 * type.Length) + _length + record
            + ((_entries.Count + 1) * SegmentFormat.IndexEntryBytes) + SegmentFormat.TailBytes;
        if (sealedBytes > bytesMax && _entries.Count > 0)
        {
            return false;
        }

        int typeIndex = TypeIndex(type);
        Reserve(record);
        Span<byte> target = _data.AsSpan(_length, record);
        BinaryPrimitives.WriteUInt16LittleEndian(target[4..], (ushort)typeIndex);
        BinaryPrimitives.WriteUInt16LittleEndian(target[6..], (ushort)key.Length);
        BinaryPrimitives.WriteInt32LittleEndian(target[8..], snapshot.Length);
        key.CopyTo(target[SegmentFormat.RecordFixedBytes..]);
        snapshot.CopyTo(target[(SegmentFormat.RecordFixedBytes + key.Length)..]);
        BinaryPrimitives.WriteUInt32LittleEndian(target, Crc32C.Compute(target[4..]));
        _entries.Add(new Entry(SegmentFormat.HashOf(_types[typeIndex], key), _length, record));
        _length += record;
        return true;
    }

    /// <summary>Builds the segment from what was added and starts anew.</summary>
    public SealedSegment Seal()
    {
        _entries.Sort(this);
        int most = _headerBytes + _length + (_entries.Count * SegmentFormat.IndexEntryBytes) + SegmentFormat.TailBytes;
        byte[] blob = ArrayPool<byte>.Shared.Rent(most);
        int at = WriteHeader(blob);
        int kept = 0, deletions = 0;
        for (int i = 0; i < _entries.Count; i++)
        {
            Entry entry = _entries[i];
            if (i + 1 < _entries.Count && SameEntity(entry, _entries[i + 1]))
            {
                continue;
            }

            _data.AsSpan(entry.Offset, entry.Bytes).CopyTo(blob.AsSpan(at));
            deletions += BinaryPrimitives.ReadInt32LittleEndian(blob.AsSpan(at + 8)) == 0 ? 1 : 0;
            _entries[kept++] = entry with { Offset = at };
            at += entry.Bytes;
        }

        (int bytes, uint crc) = WriteFooter(blob, at, kept, deletions);
        Clear();
        return new SealedSegment(blob, bytes, kept, deletions, crc);
    }

    /// <summary>Gives the buffer back.</summary>
    public void Dispose()
    {
        Clear();
        if (_data.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_data);
            _data = [];
        }
    }

    /// <summary>Orders by hash, type, key, then by the order of adding.</summary>
    int IComparer<Entry>.Compare(Entry x, Entry y)
    {
        int order = x.Hash.CompareTo(y.Hash);
        if (order == 0 && x.Offset != y.Offset)
        {
            order = TypeOf(x).SequenceCompareTo(TypeOf(y));
            order = order != 0 ? order : KeyOf(x).SequenceCompareTo(KeyOf(y));
            order = order != 0 ? order : x.Offset.CompareTo(y.Offset);
        }

        return order;
    }

    private bool SameEntity(Entry x, Entry y) =>
        x.Hash == y.Hash && TypeOf(x).SequenceEqual(TypeOf(y)) && KeyOf(x).SequenceEqual(KeyOf(y));

    private ReadOnlySpan<byte> TypeOf(Entry entry) =>
        _types[BinaryPrimitives.ReadUInt16LittleEndian(_data.AsSpan(entry.Offset + 4))];

    private ReadOnlySpan<byte> KeyOf(Entry entry) => _data.AsSpan(
        entry.Offset + SegmentFormat.RecordFixedBytes,
        BinaryPrimitives.ReadUInt16LittleEndian(_data.AsSpan(entry.Offset + 6)));

    private int WriteHeader(Span<byte> blob)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(blob, SegmentFormat.Magic);
        BinaryPrimitives.WriteUInt16LittleEndian(blob[8..], SegmentFormat.Version);
        BinaryPrimitives.WriteUInt16LittleEndian(blob[10..], (ushort)_types.Count);
        BinaryPrimitives.WriteInt32LittleEndian(blob[12..], _headerBytes);
        int at = SegmentFormat.HeaderFixedBytes;
        foreach (byte[] type in _types)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(blob[at..], (ushort)type.Length);
            type.CopyTo(blob[(at + 2)..]);
            at += 2 + type.Length;
        }

        BinaryPrimitives.WriteUInt32LittleEndian(blob[at..], Crc32C.Compute(blob[..at]));
        return at + 4;
    }

    private (int Bytes, uint Crc) WriteFooter(Span<byte> blob, int indexOffset, int kept, int deletions)
    {
        int at = indexOffset;
        for (int i = 0; i < kept; i++, at += SegmentFormat.IndexEntryBytes)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(blob[at..], _entries[i].Hash);
            BinaryPrimitives.WriteInt32LittleEndian(blob[(at + 8)..], _entries[i].Offset);
        }

        Span<byte> tail = blob.Slice(at, SegmentFormat.TailBytes);
        BinaryPrimitives.WriteInt32LittleEndian(tail, kept);
        BinaryPrimitives.WriteInt32LittleEndian(tail[4..], deletions);
        BinaryPrimitives.WriteInt32LittleEndian(tail[8..], indexOffset);
        BinaryPrimitives.WriteUInt32LittleEndian(tail[12..], Crc32C.Compute(blob[..indexOffset]));
        BinaryPrimitives.WriteUInt32LittleEndian(tail[16..], Crc32C.Compute(blob[indexOffset..at]));
        BinaryPrimitives.WriteUInt32LittleEndian(tail[20..], 0);
        BinaryPrimitives.WriteUInt64LittleEndian(tail[24..], SegmentFormat.EndMagic);
        uint crc = Crc32C.Compute(tail[..32]);
        BinaryPrimitives.WriteUInt32LittleEndian(tail[32..], crc);
        return (at + SegmentFormat.TailBytes, crc);
    }

    private int TypeIndex(string type)
    {
        if (!_typeIndexes.TryGetValue(type, out int index))
        {
            byte[] name = Encoding.UTF8.GetBytes(type);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(name.Length, ushort.MaxValue, nameof(type));
            index = _types.Count;
            _types.Add(name);
            _typeIndexes.Add(type, index);
            _headerBytes += 2 + name.Length;
        }

        return index;
    }

    private void Reserve(int bytes)
    {
        if (_length + bytes > _data.Length)
        {
            int want = Math.Max(Math.Max(_data.Length * 2, _length + bytes), 16 << 10);
            byte[] larger = ArrayPool<byte>.Shared.Rent(want);
            _data.AsSpan(0, _length).CopyTo(larger);
            if (_data.Length > 0)
            {
                ArrayPool<byte>.Shared.Return(_data);
            }

            _data = larger;
        }
    }

    private void Clear()
    {
        _entries.Clear();
        _types.Clear();
        _typeIndexes.Clear();
        _length = 0;
        _headerBytes = SegmentFormat.HeaderFixedBytes + 4;
    }

    /// <summary>A record in the buffer.</summary>
    internal readonly record struct Entry(ulong Hash, int Offset, int Bytes);
}
