using Confluent.Kafka;

namespace ContextGrid.Adapters.Kafka;

/// <summary>
/// Takes key and value of the record that a consumer hands over, straight from librdkafka's memory; as deserializers
/// they give only lengths, <see cref="Null"/> for what is not there, so that a record costs no array. Used by one
/// thread.
/// </summary>
internal sealed class RecordBuffer : IDeserializer<int>
{
    /// <summary>The length of what is not there.</summary>
    internal const int Null = -1;

    private byte[] _bytes = new byte[64 * 1024];

    /// <summary>The bytes of the key, then those of the value.</summary>
    internal ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, Length);

    private int Length { get; set; }

    /// <summary>Forgets the last record.</summary>
    internal void Clear() => Length = 0;

    /// <inheritdoc/>
    public int Deserialize(ReadOnlySpan<byte> data, bool isNull, SerializationContext context)
    {
        if (Length + data.Length > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, Length + data.Length));
        }

        data.CopyTo(_bytes.AsSpan(Length));
        Length += data.Length;
        return isNull ? Null : data.Length;
    }
}
