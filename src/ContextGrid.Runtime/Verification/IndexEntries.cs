using System.Buffers.Binary;
using ContextGrid.Runtime.Checkpoints;

namespace ContextGrid.Runtime.Verification;

/// <summary>Reads the index of a checkpoint's segment, entry by entry, through a small buffer.</summary>
/// <param name="store">Where the segment is.</param>
/// <param name="name">Its name.</param>
/// <param name="start">Where the index starts.</param>
/// <param name="count">How many entries it has.</param>
internal sealed class IndexEntries(ISnapshotStore store, string name, long start, int count)
{
    private readonly byte[] _buffer = new byte[4096 * SegmentFormat.IndexEntryBytes];
    private int _next;
    private int _first;
    private int _filled;

    /// <summary>The next entry; null: there is none.</summary>
    public async ValueTask<(ulong Hash, long Offset)?> NextAsync(CancellationToken cancellationToken)
    {
        if (_next >= count)
        {
            return null;
        }

        if (_next >= _first + _filled)
        {
            _first = _next;
            int want = Math.Min(_buffer.Length, (count - _next) * SegmentFormat.IndexEntryBytes);
            long at = start + ((long)_next * SegmentFormat.IndexEntryBytes);
            int read = await store.ReadAsync(name, at, _buffer.AsMemory(0, want), cancellationToken);
            _filled = Math.Max(read, 0) / SegmentFormat.IndexEntryBytes;
            if (_filled == 0)
            {
                return null;
            }
        }

        ReadOnlySpan<byte> entry = _buffer.AsSpan((_next++ - _first) * SegmentFormat.IndexEntryBytes);
        return (BinaryPrimitives.ReadUInt64LittleEndian(entry), BinaryPrimitives.ReadUInt32LittleEndian(entry[8..]));
    }
}
