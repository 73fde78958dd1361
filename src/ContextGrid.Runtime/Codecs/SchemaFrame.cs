using System.Buffers.Binary;
using System.Globalization;

namespace ContextGrid.Runtime.Codecs;

/// <summary>Names the writer's schema in a registry: by a number, or, since Confluent Platform 8, by a GUID.</summary>
/// <param name="Number">The id; 0 where the GUID names the schema.</param>
/// <param name="Guid">The GUID; empty where the number names it.</param>
public readonly record struct SchemaId(int Number, Guid Guid = default)
{
    /// <summary>As it stands in messages: ids are unsigned on the wire.</summary>
    public override string ToString() => Guid == default
        ? ((uint)Number).ToString(CultureInfo.InvariantCulture)
        : Guid.ToString();
}

/// <summary>
/// The frame in which serializers of a schema registry put a payload (Confluent wire format): a zero byte and the id of
/// the schema in four bytes, big endian; or a one and the schema's GUID in 16 bytes, big endian. Then the payload
/// itself.
/// </summary>
public static class SchemaFrame
{
    private const int NumberBytes = 1 + sizeof(int), GuidBytes = 1 + 16;

    /// <summary>Reads the frame.</summary>
    /// <param name="payload">The payload with its frame.</param>
    /// <param name="schema">The writer's schema.</param>
    /// <param name="length">The bytes of the frame; 0: there is none.</param>
    /// <returns>False when there is no frame.</returns>
    public static bool TryRead(ReadOnlySpan<byte> payload, out SchemaId schema, out int length)
    {
        length = LengthOf(payload);
        schema = length switch
        {
            NumberBytes => new SchemaId(BinaryPrimitives.ReadInt32BigEndian(payload[1..])),
            GuidBytes => new SchemaId(0, new Guid(payload[1..GuidBytes], bigEndian: true)),
            _ => default,
        };
        return length > 0;
    }

    /// <summary>The bytes of a frame, or 0 when there is none. JSON never starts with a byte 0 or 1.</summary>
    public static int LengthOf(ReadOnlySpan<byte> payload) => payload switch
    {
        [0, _, _, _, _, ..] => NumberBytes,
        [1, ..] when payload.Length >= GuidBytes => GuidBytes,
        _ => 0,
    };

    /// <summary>What a payload without a frame seems to be, for the message that refuses it.</summary>
    internal static string Describe(ReadOnlySpan<byte> payload) => payload switch
    {
        [] => "it is empty: a tombstone, or a record without a value",
        [0xC3, 0x01, ..] => "it is Avro's single-object encoding, whose schema a registry does not know",
        [(byte)'O', (byte)'b', (byte)'j', 1, ..] => "it is an Avro file, which no record is",
        [(byte)'{' or (byte)'[', ..] => "it looks like JSON; such a topic has the format json",
        [0 or 1, ..] => "its frame is cut short",
        _ => "use a serializer that registers its schemas; one that puts the id into a header instead does it by "
            + "__value_schema_id",
    };
}
