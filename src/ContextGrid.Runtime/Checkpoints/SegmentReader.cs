using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using ContextGrid.Core.Snapshots;

namespace ContextGrid.Runtime.Checkpoints;

/// <summary>
/// Reads a segment's records in their order through a small pooled buffer and checks each one's CRC. One caller at a
/// time.
/// </summary>
internal sealed class SegmentReader : IDisposable
{
    private const int BufferBytes = 256 << 10;

    private readonly ISnapshotStore _store;
    private readonly string _name;
    private readonly string[] _types;
    private readonly byte[][] _typeBytes;
    private readonly int _recordsEnd;
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
    private int _fileOffset;
    private int _start;
    private int _end;
    private int _recordBytes;

    private SegmentReader(ISnapshotStore store, string name, string[] types, int headerBytes, int recordsEnd)
    {
        _store = store;
        _name = name;
        _types = types;
        _typeBytes = [.. types.Select(Encoding.UTF8.GetBytes)];
        _fileOffset = headerBytes;
        _recordsEnd = recordsEnd;
    }

    /// <summary>The current record's hash.</summary>
    public ulong Hash { get; private set; }

    /// <summary>The current record's entity type.</summary>
    public string Type => _types[TypeIndex];

    /// <summary>The current record's entity type in UTF-8.</summary>
    public ReadOnlySpan<byte> TypeBytes => _typeBytes[TypeIndex];

    /// <summary>The current record's key; valid until the next move.</summary>
    public ReadOnlySpan<byte> Key => _buffer.AsSpan(
        _start + SegmentFormat.RecordFixedBytes, BinaryPrimitives.ReadUInt16LittleEndian(_buffer.AsSpan(_start + 6)));

    /// <summary>The current record's snapshot; empty: deleted. Valid until the next move.</summary>
    public ReadOnlySpan<byte> Snapshot =>
        _buffer.AsSpan(_start, _recordBytes)[(SegmentFormat.RecordFixedBytes + Key.Length)..];

    private int TypeIndex => BinaryPrimitives.ReadUInt16LittleEndian(_buffer.AsSpan(_start + 4));

    /// <summary>Opens a segment before its first record.</summary>
    /// <exception cref="CheckpointCorruptException">The header or the footer is not what was written.</exception>
    public static async ValueTask<SegmentReader> OpenAsync(
        ISnapshotStore store, SegmentInfo segment, CancellationToken cancellationToken)
    {
        SegmentTail tail = await ReadTailAsync(store, segment, cancellationToken);
        (string[] types, int headerBytes) = await ReadHeaderAsync(store, segment, tail, cancellationToken);
        return new SegmentReader(store, segment.Name, types, headerBytes, tail.IndexOffset);
    }

    /// <summary>Reads the entity types of a segment, and how long its header is.</summary>
    /// <exception cref="CheckpointCorruptException">The header is not what was written.</exception>
    public static async ValueTask<(string[] Types, int Bytes)> ReadHeaderAsync(
        ISnapshotStore store, SegmentInfo segment, SegmentTail tail, CancellationToken cancellationToken)
    {
        byte[] start = new byte[SegmentFormat.HeaderFixedBytes];
        await ReadExactAsync(store, segment.Name, 0, start, cancellationToken);
        int headerBytes = BinaryPrimitives.ReadInt32LittleEndian(start.AsSpan(12));
        if (BinaryPrimitives.ReadUInt64LittleEndian(start) != SegmentFormat.Magic
            || BinaryPrimitives.ReadUInt16LittleEndian(start.AsSpan(8)) != SegmentFormat.Version
            || headerBytes < SegmentFormat.HeaderFixedBytes + 4 || headerBytes > tail.IndexOffset)
        {
            throw new CheckpointCorruptException(segment.Name, 0, "it does not start as a segment of version 1 does");
        }

        byte[] header = new byte[headerBytes];
        await ReadExactAsync(store, segment.Name, 0, header, cancellationToken);
        return (SegmentFormat.ReadHeader(segment.Name, header), headerBytes);
    }

    /// <summary>Reads and checks the end of a segment against what its manifest says.</summary>
    /// <exception cref="CheckpointCorruptException">The segment is missing, shorter, or another one.</exception>
    public static async ValueTask<SegmentTail> ReadTailAsync(
        ISnapshotStore store, SegmentInfo segment, CancellationToken cancellationToken)
    {
        long at = segment.Bytes - SegmentFormat.TailBytes;
        byte[] bytes = new byte[SegmentFormat.TailBytes];
        int read = at < 0 ? 0 : await store.ReadAsync(segment.Name, at, bytes, cancellationToken);
        if (read < 0)
        {
            throw new CheckpointCorruptException(segment.Name, 0, "the segment is missing");
        }

        SegmentTail tail = SegmentFormat.ReadTail(segment.Name, Math.Max(at, 0), bytes.AsSpan(0, read));
        long index = (long)tail.Records * SegmentFormat.IndexEntryBytes;
        return tail.Crc == segment.FooterCrc && tail.Records == segment.Records && tail.IndexOffset + index == at
            ? tail
            : throw new CheckpointCorruptException(
                segment.Name, at, "the footer is not the one that the manifest names");
    }

    /// <summary>Reads the index of a segment and checks its CRC.</summary>
    /// <exception cref="CheckpointCorruptException">The footer is not what was written.</exception>
    public static async ValueTask CheckFooterAsync(
        ISnapshotStore store, SegmentInfo segment, CancellationToken cancellationToken) =>
        await SegmentIndex.OpenAsync(store, segment, cancellationToken);

    /// <summary>Moves to the next record; false at the end.</summary>
    /// <exception cref="CheckpointCorruptException">The record is not what was written.</exception>
    public async ValueTask<bool> MoveNextAsync(CancellationToken cancellationToken)
    {
        _start += _recordBytes;
        _recordBytes = 0;
        if (_fileOffset - (_end - _start) >= _recordsEnd)
        {
            return false;
        }

        await FillAsync(SegmentFormat.RecordFixedBytes, cancellationToken);
        int bytes = RecordBytes();
        await FillAsync(bytes, cancellationToken);
        Check(bytes);
        return true;
    }

    /// <summary>Gives the buffer back.</summary>
    public void Dispose()
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = [];
        }
    }

    internal static async ValueTask ReadExactAsync(
        ISnapshotStore store, string name, long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        int read = await store.ReadAsync(name, offset, buffer, cancellationToken);
        if (read != buffer.Length)
        {
            throw new CheckpointCorruptException(name, offset + Math.Max(read, 0), "the segment ends too early");
        }
    }

    private int RecordBytes()
    {
        ReadOnlySpan<byte> record = _buffer.AsSpan(_start);
        long bytes = (long)SegmentFormat.RecordFixedBytes + BinaryPrimitives.ReadUInt16LittleEndian(record[6..])
            + BinaryPrimitives.ReadUInt32LittleEndian(record[8..]);
        long at = RecordOffset();
        return at + bytes <= _recordsEnd
            ? (int)bytes
            : throw new CheckpointCorruptException(_name, at, "the record's length is impossible");
    }

    private void Check(int bytes)
    {
        ReadOnlySpan<byte> record = _buffer.AsSpan(_start, bytes);
        if (BinaryPrimitives.ReadUInt32LittleEndian(record) != Crc32C.Compute(record[4..]))
        {
            throw new CheckpointCorruptException(_name, RecordOffset(), "the checksum of the record is wrong");
        }

        if (TypeIndex >= _types.Length)
        {
            throw new CheckpointCorruptException(_name, RecordOffset() + 4, "the record's type is not in the header");
        }

        _recordBytes = bytes;
        Hash = SegmentFormat.HashOf(TypeBytes, Key);
    }

    private long RecordOffset() => _fileOffset - (_end - _start);

    /// <summary>Makes so many bytes from the current record's start present in the buffer.</summary>
    private async ValueTask FillAsync(int bytes, CancellationToken cancellationToken)
    {
        if (_end - _start >= bytes)
        {
            return;
        }

        byte[] target = bytes > _buffer.Length ? ArrayPool<byte>.Shared.Rent(bytes) : _buffer;
        _buffer.AsSpan(_start, _end - _start).CopyTo(target);
        if (target != _buffer)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = target;
        }

        _end -= _start;
        _start = 0;
        int want = Math.Min(_buffer.Length - _end, _recordsEnd - _fileOffset);
        await ReadExactAsync(_store, _name, _fileOffset, _buffer.AsMemory(_end, want), cancellationToken);
        _fileOffset += want;
        _end += want;
        if (_end < bytes)
        {
            throw new CheckpointCorruptException(_name, RecordOffset(), "the last record is cut short");
        }
    }
}
