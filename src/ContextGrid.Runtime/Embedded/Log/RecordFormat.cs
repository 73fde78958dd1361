using System.Buffers.Binary;
using ContextGrid.Core.Snapshots;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.Embedded.Log;

/// <summary>
/// The bytes of one record in a segment, little endian: 0 length of what follows byte 8 (uint32), 4 CRC-32C of bytes
/// 0–3 and 8–end (uint32), 8 offset (int64), 16 timestamp (int64), 24 flags (byte), 25 zero, 26 key length (uint16),
/// 28 headers length (uint32), 32 key, headers, value.
/// </summary>
internal static class RecordFormat
{
    /// <summary>The bytes before the key.</summary>
    public const int HeaderBytes = 32;

    /// <summary>The most bytes of a key.</summary>
    public const int KeyBytesMax = ushort.MaxValue;

    /// <summary>The most bytes of encoded headers.</summary>
    public const int HeadersBytesMax = 64 * 1024;

    /// <summary>The most bytes of a value.</summary>
    public const int ValueBytesMax = 1024 * 1024;

    /// <summary>The most bytes of a record.</summary>
    public const int RecordBytesMax = HeaderBytes + KeyBytesMax + HeadersBytesMax + ValueBytesMax;

    /// <summary>
    /// Flag: the record is the first of its commit. A commit is written only after the one before is durable, so this
    /// flag behind a damaged place proves that the place was durable: it is damage, not a torn tail.
    /// </summary>
    public const byte FirstOfCommit = 1;

    /// <summary>The bytes that a record takes.</summary>
    public static int Size(in LogRecord record) =>
        HeaderBytes + record.Key.Length + record.Headers.Length + record.Value.Length;

    /// <summary>Writes a record; <paramref name="target"/> is exactly its size.</summary>
    public static void Write(Span<byte> target, in LogRecord record, long offset, byte flags)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(target, (uint)(target.Length - 8));
        BinaryPrimitives.WriteInt64LittleEndian(target[8..], offset);
        BinaryPrimitives.WriteInt64LittleEndian(target[16..], record.TimestampMs);
        target[24] = flags;
        target[25] = 0;
        BinaryPrimitives.WriteUInt16LittleEndian(target[26..], (ushort)record.Key.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(target[28..], (uint)record.Headers.Length);
        Span<byte> body = target[HeaderBytes..];
        record.Key.Span.CopyTo(body);
        record.Headers.Span.CopyTo(body[record.Key.Length..]);
        record.Value.Span.CopyTo(body[(record.Key.Length + record.Headers.Length)..]);
        BinaryPrimitives.WriteUInt32LittleEndian(target[4..], Checksum(target));
    }

    /// <summary>
    /// The size of the record that starts here as its length field says; 0 when the field is out of range or cut.
    /// </summary>
    public static int SizeAt(ReadOnlySpan<byte> bytes)
    {
        uint length = bytes.Length >= 4 ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : 0;
        return length is >= HeaderBytes - 8 and <= RecordBytesMax - 8 ? (int)length + 8 : 0;
    }

    /// <summary>Whether <paramref name="record"/>, exactly one record, is what was written.</summary>
    public static bool IsIntact(ReadOnlySpan<byte> record) =>
        BinaryPrimitives.ReadUInt32LittleEndian(record[4..]) == Checksum(record)
        && (uint)record.Length - HeaderBytes >= KeyLength(record) + (ulong)HeadersLength(record);

    /// <summary>The record's offset.</summary>
    public static long Offset(ReadOnlySpan<byte> record) => BinaryPrimitives.ReadInt64LittleEndian(record[8..]);

    /// <summary>The record's timestamp.</summary>
    public static long Timestamp(ReadOnlySpan<byte> record) => BinaryPrimitives.ReadInt64LittleEndian(record[16..]);

    /// <summary>The record's flags.</summary>
    public static byte Flags(ReadOnlySpan<byte> record) => record[24];

    /// <summary>Where the parts of a record stand whose first byte is at <paramref name="start"/>.</summary>
    public static LogBatch.Entry Entry(ReadOnlySpan<byte> record, int start)
    {
        int key = (int)KeyLength(record), headers = (int)HeadersLength(record);
        int body = start + HeaderBytes;
        return new LogBatch.Entry(
            Offset(record), Timestamp(record), body, key, body + key + headers,
            record.Length - HeaderBytes - key - headers, body + key, headers);
    }

    private static uint KeyLength(ReadOnlySpan<byte> record) => BinaryPrimitives.ReadUInt16LittleEndian(record[26..]);

    private static uint HeadersLength(ReadOnlySpan<byte> record) =>
        BinaryPrimitives.ReadUInt32LittleEndian(record[28..]);

    private static uint Checksum(ReadOnlySpan<byte> record) =>
        Crc32C.Append(Crc32C.Compute(record[..4]), record[8..]);
}
