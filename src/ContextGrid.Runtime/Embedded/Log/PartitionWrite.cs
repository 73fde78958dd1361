using System.Buffers.Binary;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.Embedded.Log;

/// <summary>The records of one commit that go to one partition, encoded. Reused; guarded by the log's gate.</summary>
internal sealed class PartitionWrite(LogPartition partition)
{
    private const int BufferBytesKept = 1024 * 1024;
    private byte[] _buffer = new byte[4096];

    /// <summary>Where they go.</summary>
    public LogPartition Partition => partition;

    /// <summary>The bytes so far.</summary>
    public int Length { get; private set; }

    /// <summary>How many records.</summary>
    public int Count { get; private set; }

    /// <summary>The offset of the first record.</summary>
    public long FirstOffset { get; private set; }

    /// <summary>The encoded records.</summary>
    public ReadOnlySpan<byte> Bytes => _buffer.AsSpan(0, Length);

    /// <summary>Encodes a record behind the others.</summary>
    public void Add(in LogRecord record, long offset)
    {
        int size = RecordFormat.Size(record);
        if (Length + size > _buffer.Length)
        {
            Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, Length + size));
        }

        FirstOffset = Count == 0 ? offset : FirstOffset;
        RecordFormat.Write(_buffer.AsSpan(Length, size), record, offset,
            Count == 0 ? RecordFormat.FirstOfCommit : (byte)0);
        Length += size;
        Count++;
    }

    /// <summary>Enters the records, which start at a position of the segment, into its index.</summary>
    public void Index(SegmentIndex index, long position)
    {
        int at = 0;
        for (int i = 0; i < Count; i++)
        {
            ReadOnlySpan<byte> record = _buffer.AsSpan(at);
            index.Observe(FirstOffset + i, position + at, RecordFormat.Timestamp(record));
            at += (int)BinaryPrimitives.ReadUInt32LittleEndian(record) + 8;
        }
    }

    /// <summary>Makes it ready for the next commit; a buffer that one burst made large is given back.</summary>
    public void Reset()
    {
        Length = 0;
        Count = 0;
        if (_buffer.Length > BufferBytesKept)
        {
            _buffer = new byte[4096];
        }
    }
}
