using System.Buffers.Binary;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Core.Model;
using ContextGrid.Core.Snapshots;

namespace ContextGrid.Core.Features;

/// <summary>Encoded rows in one array, ordered by event time, then position.</summary>
internal sealed class RowBuffer
{
    private byte[] _bytes = [];

    /// <summary>Where the first row starts in <see cref="Bytes"/>.</summary>
    internal int Start { get; private set; }

    /// <summary>Where the last row ends in <see cref="Bytes"/>.</summary>
    internal int End { get; private set; }

    /// <summary>How many rows.</summary>
    internal int Count { get; private set; }

    /// <summary>The array that holds the rows.</summary>
    internal byte[] Bytes => _bytes;

    /// <summary>The row at a place, from <see cref="Start"/> on; the next is its length further.</summary>
    internal ReadOnlySpan<byte> RowAt(int at) =>
        _bytes.AsSpan(at, BinaryPrimitives.ReadInt32LittleEndian(_bytes.AsSpan(at)));

    /// <summary>Inserts a row where it belongs; a row later than all others costs no search.</summary>
    internal void Insert(ReadOnlySpan<byte> row)
    {
        MakeRoom(row.Length);
        int at = End;
        while (at > Start && IsBefore(row, RowBefore(at)))
        {
            at -= RowBefore(at).Length;
        }

        _bytes.AsSpan(at, End - at).CopyTo(_bytes.AsSpan(at + row.Length));
        row.CopyTo(_bytes.AsSpan(at));
        End += row.Length;
        Count++;
    }

    /// <summary>
    /// The bounds of the rows whose time is in [fromMs, toMs), and how many they are; searched from the end.
    /// </summary>
    internal (int Start, int End, int Count) Range(long fromMs, long toMs)
    {
        int end = End;
        while (end > Start && RowCodec.TimeMs(RowBefore(end)) >= toMs)
        {
            end -= RowBefore(end).Length;
        }

        int start = end, count = 0;
        while (start > Start && RowCodec.TimeMs(RowBefore(start)) >= fromMs)
        {
            start -= RowBefore(start).Length;
            count++;
        }

        return (start, end, count);
    }

    /// <summary>
    /// The newest time up to a head of a row that a predicate holds for; <see cref="long.MinValue"/>: none.
    /// </summary>
    internal long NewestMatch(int predicate, long headMs)
    {
        for (int end = End; end > Start; end -= RowBefore(end).Length)
        {
            ReadOnlySpan<byte> row = RowBefore(end);
            if (RowCodec.TimeMs(row) <= headMs && RowCodec.Holds(row, predicate))
            {
                return RowCodec.TimeMs(row);
            }
        }

        return long.MinValue;
    }

    /// <summary>
    /// The first time after a head; <see cref="long.MaxValue"/>: no row is after it.
    /// </summary>
    internal long FirstAfter(long headMs)
    {
        long first = long.MaxValue;
        for (int end = End; end > Start && RowCodec.TimeMs(RowBefore(end)) > headMs; end -= RowBefore(end).Length)
        {
            first = RowCodec.TimeMs(RowBefore(end));
        }

        return first;
    }

    /// <summary>Removes rows between two bounds.</summary>
    internal void Remove(int start, int end, int count)
    {
        if (start == Start)
        {
            Start = end;
        }
        else
        {
            _bytes.AsSpan(end, End - end).CopyTo(_bytes.AsSpan(start));
            End -= end - start;
        }

        Count -= count;
        if (Count == 0)
        {
            Start = End = 0;
        }
    }

    /// <summary>Removes the rows before a time.</summary>
    internal void RemoveBefore(long timeMs)
    {
        int at = Start, count = 0;
        while (at < End && RowCodec.TimeMs(_bytes.AsSpan(at)) < timeMs)
        {
            at += RowAt(at).Length;
            count++;
        }

        if (count > 0)
        {
            Remove(Start, at, count);
        }
    }

    /// <summary>Writes all rows: a length and their bytes.</summary>
    internal void Write(SnapshotWriter writer) => writer.Bytes(_bytes.AsSpan(Start, End - Start));

    internal void Read(ref SnapshotReader reader, EventPlan plan)
    {
        _bytes = reader.Bytes().ToArray();
        Start = 0;
        End = _bytes.Length;
        Count = 0;
        for (int at = 0; at < End; Count++)
        {
            int length = End - at >= 4 ? BinaryPrimitives.ReadInt32LittleEndian(_bytes.AsSpan(at)) : -1;
            if (length < 4 || length > End - at)
            {
                throw new SnapshotFormatException("A row is cut short.");
            }

            RowCodec.Validate(plan, _bytes.AsSpan(at, length));
            at += length;
        }
    }

    private static bool IsBefore(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        long time = RowCodec.TimeMs(a), other = RowCodec.TimeMs(b);
        return time != other ? time < other : RowCodec.PositionOf(a).CompareTo(RowCodec.PositionOf(b)) < 0;
    }

    private ReadOnlySpan<byte> RowBefore(int end)
    {
        int length = BinaryPrimitives.ReadInt32LittleEndian(_bytes.AsSpan(end - 4));
        return _bytes.AsSpan(end - length, length);
    }

    // Moving rows to the front comes first; growing by half keeps small entities small.
    private void MakeRoom(int length)
    {
        if (End + length <= _bytes.Length)
        {
            return;
        }

        int used = End - Start;
        byte[] target = used + length + (used / 4) <= _bytes.Length
            ? _bytes
            : new byte[Math.Max(used + length, used + (used / 2))];
        _bytes.AsSpan(Start, used).CopyTo(target);
        _bytes = target;
        Start = 0;
        End = used;
    }
}
