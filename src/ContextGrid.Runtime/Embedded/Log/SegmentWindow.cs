using ContextGrid.Runtime.Files;

namespace ContextGrid.Runtime.Embedded.Log;

/// <summary>A window that moves over a segment's file while it is scanned. Not thread-safe.</summary>
internal sealed class SegmentWindow(IFile file, long length)
{
    private readonly byte[] _buffer = new byte[Math.Min(length, 4 * 1024 * 1024)];
    private long _start;
    private int _filled;

    /// <summary>The file's length.</summary>
    public long Length => length;

    /// <summary>
    /// The bytes at a position: <paramref name="count"/>, or fewer at the end of the file. Valid until the next call.
    /// </summary>
    public ReadOnlySpan<byte> At(long position, int count)
    {
        count = (int)Math.Min(count, length - position);
        if (position < _start || position + count > _start + _filled)
        {
            _start = position;
            _filled = 0;
            int wanted = (int)Math.Min(_buffer.Length, length - position);
            _filled = file.ReadFully(_buffer.AsSpan(0, wanted), _start);
            if (_filled < wanted)
            {
                throw new EndOfStreamException("A segment became shorter while it was scanned.");
            }
        }

        return _buffer.AsSpan((int)(position - _start), count);
    }

    /// <summary>The intact record at a position; empty: there is none.</summary>
    public ReadOnlySpan<byte> RecordAt(long position)
    {
        int size = RecordFormat.SizeAt(At(position, 4));
        if (size == 0 || position + size > length)
        {
            return [];
        }

        ReadOnlySpan<byte> record = At(position, size);
        return RecordFormat.IsIntact(record) ? record : [];
    }
}
