using System.Buffers;
using System.Text;
using System.Text.Unicode;
using ContextGrid.Contracts.V1;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Server.Grpc;

namespace ContextGrid.Server.Services;

/// <summary>
/// A PublishRequest as one block of bytes and slices of it: no object an event. A message with headers, or with what is
/// not known here, goes through the generated parser. Reused; one thread at a time.
/// Source: https://protobuf.dev/programming-guides/encoding.
/// </summary>
internal sealed class PublishBatch
{
    private const byte Topic1 = (1 << 3) | 2, Events2 = (2 << 3) | 2, Invalid3 = 3 << 3;
    private const byte Payload1 = (1 << 3) | 2, Key2 = (2 << 3) | 2, Timestamp3 = 3 << 3;

    private readonly List<PublishItem> _items = [];
    private byte[] _bytes = [];

    internal string Topic { get; private set; } = "";

    internal InvalidEvents Invalid { get; private set; }

    /// <summary>The events; valid until <see cref="Release"/>.</summary>
    internal IReadOnlyList<PublishItem> Items => _items;

    /// <summary>The bytes of all payloads, keys and headers.</summary>
    internal long EventBytes { get; private set; }

    /// <summary>Takes over a message's bytes.</summary>
    /// <exception cref="GrpcException">INTERNAL: it does not parse.</exception>
    internal void Fill(in ReadOnlySequence<byte> message)
    {
        int length = (int)message.Length;
        _bytes = ArrayPool<byte>.Shared.Rent(length);
        message.CopyTo(_bytes);
        if (!TryRead(length))
        {
            Release();
            Fill(GrpcParsing.Parse(PublishRequest.Parser, message));
        }
    }

    /// <summary>Takes over a parsed message.</summary>
    internal void Fill(PublishRequest request)
    {
        (Topic, Invalid) = (request.Topic, request.Invalid);
        foreach (PublishEvent e in request.Events)
        {
            Add(new PublishItem(e.Payload.Memory, e.Key.Memory)
            {
                TimestampMs = e.HasTimestampMs ? e.TimestampMs : null, Headers = Encode(e.Headers),
            });
        }
    }

    /// <summary>Forgets everything; nobody may read the events any more.</summary>
    internal void Release()
    {
        (Topic, Invalid, EventBytes) = ("", default, 0);
        _items.Clear();
        if (_bytes.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_bytes);
        }

        _bytes = [];
    }

    private bool TryRead(int end)
    {
        for (int at = 0; at < end;)
        {
            byte tag = _bytes[at++];
            if (!TryVarint(ref at, end, out ulong number))
            {
                return false;
            }

            if (tag == Invalid3)
            {
                Invalid = (InvalidEvents)(int)number;
                continue;
            }

            if (number > (ulong)(end - at))
            {
                return false;
            }

            int length = (int)number;
            if (tag == Topic1 && Utf8.IsValid(_bytes.AsSpan(at, length)))
            {
                Topic = Encoding.UTF8.GetString(_bytes, at, length);
            }
            else if (tag != Events2 || !TryReadEvent(at, at + length))
            {
                return false;
            }

            at += length;
        }

        return true;
    }

    private bool TryReadEvent(int at, int end)
    {
        ReadOnlyMemory<byte> payload = default, key = default;
        long? timestampMs = null;
        while (at < end)
        {
            byte tag = _bytes[at++];
            if (!TryVarint(ref at, end, out ulong number))
            {
                return false;
            }

            if (tag == Timestamp3)
            {
                timestampMs = (long)number;
                continue;
            }

            if (tag is not (Payload1 or Key2) || number > (ulong)(end - at))
            {
                return false;
            }

            ReadOnlyMemory<byte> bytes = _bytes.AsMemory(at, (int)number);
            (payload, key) = tag == Payload1 ? (bytes, key) : (payload, bytes);
            at += (int)number;
        }

        Add(new PublishItem(payload, key) { TimestampMs = timestampMs });
        return true;
    }

    private void Add(PublishItem item)
    {
        _items.Add(item);
        EventBytes += item.Payload.Length + item.Key.Length + item.Headers.Length;
    }

    private static byte[] Encode(IReadOnlyCollection<RecordHeader> headers)
    {
        int bytes = 0;
        foreach (RecordHeader header in headers)
        {
            bytes += LogHeaders.MeasureBytes(header.Name, header.Value);
        }

        // What is too large is refused by its size alone.
        return bytes is 0 or > LogHeaders.PublishBytesMax
            ? new byte[bytes]
            : LogHeaders.Encode([.. headers.Select(h => KeyValuePair.Create(h.Name, h.Value))]);
    }

    private bool TryVarint(ref int at, int end, out ulong number)
    {
        number = 0;
        for (int shift = 0; shift < 64 && at < end; shift += 7)
        {
            byte next = _bytes[at++];
            number |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return true;
            }
        }

        return false;
    }
}
