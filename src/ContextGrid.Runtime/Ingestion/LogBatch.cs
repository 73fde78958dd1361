using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Runtime.Ingestion;

/// <summary>
/// Records read from one partition, in one reused buffer. Owned by the reader's caller; what it gives out is valid
/// until the next read into it. Not thread-safe.
/// </summary>
public sealed class LogBatch : IPayloadBatch
{
    private Entry[] _entries = new Entry[256];

    /// <summary>The bytes that the entries point into. A log fills it and sets <see cref="BytesUsed"/>.</summary>
    public byte[] Buffer { get; private set; } = new byte[64 * 1024];

    /// <summary>How many bytes of <see cref="Buffer"/> are filled.</summary>
    public int BytesUsed { get; set; }

    /// <summary>How many records.</summary>
    public int Count { get; private set; }

    /// <summary>The record at an index.</summary>
    public ref readonly Entry this[int index] => ref _entries[index];

    /// <summary>Forgets all records and keeps the buffers.</summary>
    public void Clear()
    {
        Count = 0;
        BytesUsed = 0;
    }

    /// <summary>Exchanges all records and buffers with another batch.</summary>
    public void Exchange(LogBatch other)
    {
        (Buffer, other.Buffer) = (other.Buffer, Buffer);
        (_entries, other._entries) = (other._entries, _entries);
        (Count, other.Count) = (other.Count, Count);
        (BytesUsed, other.BytesUsed) = (other.BytesUsed, BytesUsed);
    }

    /// <summary>
    /// Makes room for <paramref name="bytes"/> more after <see cref="BytesUsed"/>, keeping what is there.
    /// </summary>
    public void Reserve(int bytes)
    {
        if (BytesUsed + bytes > Buffer.Length)
        {
            byte[] larger = new byte[Math.Max(Buffer.Length * 2, BytesUsed + bytes)];
            Buffer.AsSpan(0, BytesUsed).CopyTo(larger);
            Buffer = larger;
        }
    }

    /// <summary>Adds a record whose parts are already in <see cref="Buffer"/>.</summary>
    public void Add(in Entry entry)
    {
        if (Count == _entries.Length)
        {
            Array.Resize(ref _entries, Count * 2);
        }

        _entries[Count++] = entry;
    }

    /// <summary>The key's bytes; empty: none.</summary>
    public ReadOnlySpan<byte> Key(int index) => Buffer.AsSpan(_entries[index].KeyStart, _entries[index].KeyLength);

    /// <summary>The payload's bytes.</summary>
    public ReadOnlySpan<byte> Value(int index) =>
        Buffer.AsSpan(_entries[index].ValueStart, _entries[index].ValueLength);

    ReadOnlySpan<byte> IPayloadBatch.Payload(int index) => Value(index);

    /// <summary>The encoded headers (<see cref="LogHeaders"/>).</summary>
    public ReadOnlySpan<byte> Headers(int index) =>
        Buffer.AsSpan(_entries[index].HeadersStart, _entries[index].HeadersLength);

    /// <summary>One record: its offset, its time, and where its parts stand in <see cref="Buffer"/>.</summary>
    public readonly record struct Entry(
        long Offset,
        long TimestampMs,
        int KeyStart,
        int KeyLength,
        int ValueStart,
        int ValueLength,
        int HeadersStart,
        int HeadersLength)
    {
        /// <summary>Whether the record has no value, which is another thing than an empty one.</summary>
        public bool IsTombstone { get; init; }
    }
}
