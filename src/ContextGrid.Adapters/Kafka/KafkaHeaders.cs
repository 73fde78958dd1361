using System.Buffers.Binary;
using System.Text;
using Confluent.Kafka;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Adapters.Kafka;

/// <summary>
/// Kafka's headers in the form of <see cref="LogHeaders"/>, byte for byte; a null value is an empty one.
/// </summary>
internal static class KafkaHeaders
{
    /// <summary>The bytes that <see cref="Write"/> takes.</summary>
    internal static int MeasureBytes(Headers? headers)
    {
        int bytes = 0;
        for (int i = 0; i < (headers?.Count ?? 0); i++)
        {
            IHeader header = headers![i]; // It has a count, so it is not null.
            bytes += 6 + Encoding.UTF8.GetByteCount(header.Key) + (header.GetValueBytes()?.Length ?? 0);
        }

        return bytes;
    }

    /// <summary>Writes headers.</summary>
    /// <param name="headers">The headers.</param>
    /// <param name="into">As long as <see cref="MeasureBytes"/> says.</param>
    internal static void Write(Headers headers, Span<byte> into)
    {
        for (int i = 0; i < headers.Count; i++)
        {
            IHeader header = headers[i];
            int name = Encoding.UTF8.GetBytes(header.Key, into[2..]);
            BinaryPrimitives.WriteUInt16LittleEndian(into, (ushort)name);
            into = into[(2 + name)..];
            ReadOnlySpan<byte> value = header.GetValueBytes();
            BinaryPrimitives.WriteInt32LittleEndian(into, value.Length);
            value.CopyTo(into[4..]);
            into = into[(4 + value.Length)..];
        }
    }

    /// <summary>Reads headers that <see cref="LogHeaders"/> has encoded; null: there are none.</summary>
    internal static Headers? Read(ReadOnlySpan<byte> encoded)
    {
        Headers? headers = null;
        while (encoded.Length > 0)
        {
            int name = BinaryPrimitives.ReadUInt16LittleEndian(encoded);
            string key = Encoding.UTF8.GetString(encoded.Slice(2, name));
            int value = BinaryPrimitives.ReadInt32LittleEndian(encoded[(2 + name)..]);
            encoded = encoded[(6 + name)..];
            (headers ??= []).Add(key, encoded[..value].ToArray());
            encoded = encoded[value..];
        }

        return headers;
    }
}
