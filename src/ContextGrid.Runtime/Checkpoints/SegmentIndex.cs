using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using ContextGrid.Core.Snapshots;

namespace ContextGrid.Runtime.Checkpoints;

/// <summary>
/// What stays in memory of one live segment, about 2.1 bytes a record, and the look-up of one entity in it: the filter
/// says no, or one read of a block of the index and one of the record answer. Immutable; read by many threads.
/// </summary>
/// <remarks>
/// The index was checked as a whole when the segment was opened. A block that rots later could hide an entity, which
/// would then begin anew without anybody noticing: so each block's own checksum is kept and compared.
/// </remarks>
internal sealed class SegmentIndex
{
    // Entries of a block: 1.5 KiB, which is one page of the disk, and 16 bytes of memory.
    private const int BlockEntries = 128;
    private const int BlockBytes = BlockEntries * SegmentFormat.IndexEntryBytes;

    private readonly KeyFilter _filter;
    private readonly Block[] _blocks;
    private readonly byte[][] _types;
    private readonly ulong _lastHash;

    private SegmentIndex(SegmentInfo info, SegmentTail tail, string[] types, ReadOnlySpan<byte> index)
    {
        Info = info;
        Tail = tail;
        _types = [.. types.Select(Encoding.UTF8.GetBytes)];
        _filter = new KeyFilter(tail.Records);
        _blocks = new Block[(tail.Records + BlockEntries - 1) / BlockEntries];
        for (int b = 0; b < _blocks.Length; b++)
        {
            ReadOnlySpan<byte> block = index[(b * BlockBytes)..Math.Min((b + 1) * BlockBytes, index.Length)];
            _blocks[b] = new Block(HashAt(block, 0), OffsetAt(block, 0), Crc32C.Compute(block));
            for (int i = 0; i < block.Length / SegmentFormat.IndexEntryBytes; i++)
            {
                _filter.Add(_lastHash = HashAt(block, i));
            }
        }
    }

    private SegmentIndex(SegmentIndex other, SegmentInfo info) =>
        (Info, Tail, _types, _filter, _blocks, _lastHash) =
            (info, other.Tail, other._types, other._filter, other._blocks, other._lastHash);

    /// <summary>The segment, as a manifest names it.</summary>
    internal SegmentInfo Info { get; }

    /// <summary>Its end.</summary>
    internal SegmentTail Tail { get; }

    /// <summary>The memory that this takes.</summary>
    internal long Bytes => _filter.Bytes + (16L * _blocks.Length) + 256;

    /// <summary>The same segment as another manifest names it: for other shards. Shares the memory.</summary>
    internal SegmentIndex As(SegmentInfo info) => info == Info ? this : new SegmentIndex(this, info);

    /// <summary>Reads the parts of a segment that stay in memory, and checks them.</summary>
    /// <exception cref="CheckpointCorruptException">Header or footer is not what was written.</exception>
    internal static async ValueTask<SegmentIndex> OpenAsync(
        ISnapshotStore store, SegmentInfo segment, CancellationToken cancellationToken)
    {
        SegmentTail tail = await SegmentReader.ReadTailAsync(store, segment, cancellationToken);
        (string[] types, _) = await SegmentReader.ReadHeaderAsync(store, segment, tail, cancellationToken);
        int bytes = tail.Records * SegmentFormat.IndexEntryBytes;
        byte[] index = ArrayPool<byte>.Shared.Rent(Math.Max(bytes, 1));
        try
        {
            await SegmentReader.ReadExactAsync(
                store, segment.Name, tail.IndexOffset, index.AsMemory(0, bytes), cancellationToken);
            if (Crc32C.Compute(index.AsSpan(0, bytes)) != tail.IndexCrc)
            {
                throw new CheckpointCorruptException(
                    segment.Name, tail.IndexOffset, "the checksum of the index is wrong");
            }

            return new SegmentIndex(segment, tail, types, index.AsSpan(0, bytes));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(index);
        }
    }

    /// <summary>Makes it from a segment that has just been written.</summary>
    internal static SegmentIndex Of(SegmentInfo segment, ReadOnlySpan<byte> content)
    {
        int at = content.Length - SegmentFormat.TailBytes;
        SegmentTail tail = SegmentFormat.ReadTail(segment.Name, at, content[at..]);
        int header = BinaryPrimitives.ReadInt32LittleEndian(content[12..]);
        return new SegmentIndex(
            segment, tail, SegmentFormat.ReadHeader(segment.Name, content[..header]), content[tail.IndexOffset..at]);
    }

    /// <summary>False: the segment has no record with this hash.</summary>
    internal bool MayHave(ulong hash) =>
        _blocks.Length > 0 && hash >= _blocks[0].Hash && hash <= _lastHash && _filter.MayHave(hash);

    /// <summary>Looks one entity up.</summary>
    /// <exception cref="CheckpointCorruptException">Index or record is not what was written.</exception>
    /// <exception cref="SnapshotStoreException">The store can't be read.</exception>
    internal async ValueTask<StoredRecord> FindAsync(
        ISnapshotStore store, StoredKey key, CancellationToken cancellationToken)
    {
        (int first, int end) = BlocksOf(key.Hash);
        for (int b = first; b < end; b++)
        {
            byte[] block = ArrayPool<byte>.Shared.Rent(BlockBytes);
            try
            {
                int entries = await ReadBlockAsync(store, b, block, cancellationToken);
                if (entries < 0)
                {
                    return new StoredRecord(StoredOutcome.Gone, default, Info.Name, 0);
                }

                for (int i = LowerBound(block, entries, key.Hash); i < entries && HashAt(block, i) == key.Hash; i++)
                {
                    (int at, int to) = (OffsetAt(block, i), i + 1 < entries ? OffsetAt(block, i + 1) : EndOf(b));
                    StoredRecord found = await StoredRecord.ReadAsync(
                        store, Info.Name, _types, key, at, to, cancellationToken);
                    if (found.Outcome != StoredOutcome.Nowhere)
                    {
                        return found;
                    }
                }
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(block);
            }
        }

        return StoredRecord.Nowhere;
    }

    private static ulong HashAt(ReadOnlySpan<byte> block, int entry) =>
        BinaryPrimitives.ReadUInt64LittleEndian(block[(entry * SegmentFormat.IndexEntryBytes)..]);

    private static int OffsetAt(ReadOnlySpan<byte> block, int entry) =>
        BinaryPrimitives.ReadInt32LittleEndian(block[((entry * SegmentFormat.IndexEntryBytes) + 8)..]);

    private static int LowerBound(ReadOnlySpan<byte> block, int entries, ulong hash)
    {
        int low = 0, high = entries;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            (low, high) = HashAt(block, middle) < hash ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

    /// <summary>The blocks that may have a hash: one, unless equal hashes reach over a block's end.</summary>
    private (int First, int End) BlocksOf(ulong hash)
    {
        int low = 0, high = _blocks.Length;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            (low, high) = _blocks[middle].Hash < hash ? (middle + 1, high) : (low, middle);
        }

        int end = low;
        while (end < _blocks.Length && _blocks[end].Hash == hash)
        {
            end++;
        }

        return (Math.Max(0, low - 1), end);
    }

    private int EndOf(int block) => block + 1 < _blocks.Length ? _blocks[block + 1].Offset : Tail.IndexOffset;

    /// <summary>Reads a block; −1: the segment is gone.</summary>
    private async ValueTask<int> ReadBlockAsync(
        ISnapshotStore store, int block, byte[] into, CancellationToken cancellationToken)
    {
        int entries = Math.Min(BlockEntries, Tail.Records - (block * BlockEntries));
        Memory<byte> bytes = into.AsMemory(0, entries * SegmentFormat.IndexEntryBytes);
        long at = Tail.IndexOffset + ((long)block * BlockBytes);
        int read = await store.ReadAsync(Info.Name, at, bytes, cancellationToken);
        if (read < 0)
        {
            return -1;
        }

        return read == bytes.Length && Crc32C.Compute(bytes.Span) == _blocks[block].Crc
            ? entries
            : throw new CheckpointCorruptException(Info.Name, at, "the checksum of a part of the index is wrong");
    }

    /// <summary>The start of a block of the index, and its checksum.</summary>
    private readonly record struct Block(ulong Hash, int Offset, uint Crc);
}
