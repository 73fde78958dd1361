using System.Buffers.Binary;

namespace ContextGrid.Runtime.Codecs;

/// <summary>
/// The frame in which serializers of a schema registry put a payload (Confluent wire format): a zero byte, the id of
/// the schema in four bytes, big endian, and then the payload itself.
/// </summary>
public static class SchemaFrame
{
    /// <summary>The bytes of a frame.</summary>
    public const int Bytes = 5;

    /// <summary>Reads the frame.</summary>
    /// <param name="payload">The payload with its frame.</param>
    /// <param name="schemaId">The id of the writer's schema.</param>
    /// <returns>False when there is no frame.</returns>
    public static bool TryRead(ReadOnlySpan<byte> payload, out int schemaId)
    {
        bool isFramed = payload.Length >= Bytes && payload[0] == 0;
        schemaId = isFramed ? BinaryPrimitives.ReadInt32BigEndian(payload[1..]) : 0;
        return isFramed;
    }

    /// <summary>The bytes of a frame, or 0 when there is none. JSON never starts with a zero byte.</summary>
    public static int LengthOf(ReadOnlySpan<byte> payload) => payload.Length >= Bytes && payload[0] == 0 ? Bytes : 0;
}
