using System.Buffers.Binary;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Core.Model;
using ContextGrid.Core.Snapshots;

namespace ContextGrid.Core.Features;

/// <summary>
/// The bytes of a row: total length (int32), event time (int64), source (int32), offset (int64), the set of predicates
/// that hold (a bit each), the set of columns that are not null (a bit each), the columns that are not null in order
/// (8 bytes; a text: uint16 length and UTF-8; a list: nothing), total length again (int32). Little endian. The length
/// on both ends lets a buffer be walked both ways.
/// </summary>
internal static class RowCodec
{
    /// <summary>Bytes of the fields before the bit sets.</summary>
    internal const int HeaderBytes = 24;

    /// <summary>Encodes a row into a reused buffer and returns its length.</summary>
    internal static int Encode(EventPlan plan, in EventRow row, ReadOnlySpan<byte> predicates, ref byte[] buffer)
    {
        int columnBytes = (plan.Columns.Length + 7) / 8;
        int most = HeaderBytes + predicates.Length + columnBytes + 4
            + (plan.Columns.Length * (2 + KeptText.CutBytesMax));
        if (buffer.Length < most)
        {
            buffer = new byte[most];
        }

        Span<byte> bytes = buffer;
        BinaryPrimitives.WriteInt64LittleEndian(bytes[4..], row.TimeMs);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[12..], row.Position.Source);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[16..], row.Position.Offset);
        predicates.CopyTo(bytes[HeaderBytes..]);
        Span<byte> present = bytes.Slice(HeaderBytes + predicates.Length, columnBytes);
        present.Clear();
        int at = HeaderBytes + predicates.Length + columnBytes;
        for (int i = 0; i < plan.Columns.Length; i++)
        {
            if (!row.Columns[i].IsNull)
            {
                present[i >> 3] |= (byte)(1 << (i & 7));
                at += WriteColumn(row.Columns[i], bytes[at..]);
            }
        }

        BinaryPrimitives.WriteInt32LittleEndian(bytes[at..], at + 4);
        BinaryPrimitives.WriteInt32LittleEndian(bytes, at + 4);
        return at + 4;
    }

    /// <summary>Decodes the row at a place into columns, whose texts point into <paramref name="buffer"/>.</summary>
    internal static EventRow Decode(EventPlan plan, byte[] buffer, int at, Value[] columns)
    {
        ReadOnlySpan<byte> bytes = buffer.AsSpan(at);
        int columnBytes = (plan.Columns.Length + 7) / 8;
        ReadOnlySpan<byte> present = bytes.Slice(HeaderBytes + plan.PredicateBytes, columnBytes);
        int next = HeaderBytes + plan.PredicateBytes + columnBytes;
        for (int i = 0; i < plan.Columns.Length; i++)
        {
            columns[i] = (present[i >> 3] & (1 << (i & 7))) == 0
                ? Value.Null
                : ReadColumn(plan.Columns[i].Type, buffer, at, ref next);
        }

        return new EventRow(TimeMs(bytes), PositionOf(bytes), columns);
    }

    internal static long TimeMs(ReadOnlySpan<byte> row) => BinaryPrimitives.ReadInt64LittleEndian(row[4..]);

    internal static Position PositionOf(ReadOnlySpan<byte> row) => new(
        BinaryPrimitives.ReadInt32LittleEndian(row[12..]), BinaryPrimitives.ReadInt64LittleEndian(row[16..]));

    internal static bool Holds(ReadOnlySpan<byte> row, int predicate) =>
        (row[HeaderBytes + (predicate >> 3)] & (1 << (predicate & 7))) != 0;

    /// <summary>Checks that a row of a snapshot is whole, so that <see cref="Decode"/> stays inside it.</summary>
    internal static void Validate(EventPlan plan, ReadOnlySpan<byte> row)
    {
        int columnBytes = (plan.Columns.Length + 7) / 8;
        int next = HeaderBytes + plan.PredicateBytes + columnBytes;
        bool whole = row.Length >= next + 4 && BinaryPrimitives.ReadInt32LittleEndian(row[^4..]) == row.Length;
        for (int i = 0; whole && i < plan.Columns.Length; i++)
        {
            if ((row[HeaderBytes + plan.PredicateBytes + (i >> 3)] & (1 << (i & 7))) != 0)
            {
                bool text = plan.Columns[i].Type == ValueKind.String;
                whole = row.Length >= next + 2 + 4;
                next += !whole ? 0 : text ? 2 + BinaryPrimitives.ReadUInt16LittleEndian(row[next..])
                    : plan.Columns[i].Type == ValueKind.List ? 0 : 8;
                whole &= next + 4 <= row.Length;
            }
        }

        if (!whole || next + 4 != row.Length)
        {
            throw new SnapshotFormatException("A row is not as long as its columns.");
        }
    }

    private static int WriteColumn(in Value value, Span<byte> into)
    {
        switch (value.Kind)
        {
            case ValueKind.String:
                BinaryPrimitives.WriteUInt16LittleEndian(into, (ushort)value.Utf8.Length);
                value.Utf8.CopyTo(into[2..]);
                return 2 + value.Utf8.Length;
            case ValueKind.List:
                return 0;
            default:
                BinaryPrimitives.WriteInt64LittleEndian(into, value.Bits);
                return 8;
        }
    }

    private static Value ReadColumn(ValueKind kind, byte[] buffer, int row, ref int next)
    {
        int at = row + next;
        switch (kind)
        {
            case ValueKind.String:
                int length = BinaryPrimitives.ReadUInt16LittleEndian(buffer.AsSpan(at));
                next += 2 + length;
                return Value.Text(buffer, at + 2, length);
            case ValueKind.List:
                return Value.List([], 0, 0);
            default:
                next += 8;
                return Value.FromBits(kind, BinaryPrimitives.ReadInt64LittleEndian(buffer.AsSpan(at)));
        }
    }
}
