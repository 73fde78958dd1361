using System.Buffers.Binary;
using System.Globalization;
using ContextGrid.Runtime.Ingestion;

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
/// itself. Serializers of Confluent Platform 8 can put the same bytes into a header instead, for Protobuf with the path
/// of the message behind them, which else begins the payload.
/// </summary>
public static class SchemaFrame
{
    private const int NumberBytes = 1 + sizeof(int), GuidBytes = 1 + 16;

    private static ReadOnlySpan<byte> Header => "__value_schema_id"u8;

    /// <summary>Reads the frame of a record.</summary>
    /// <param name="payload">The payload, with its frame unless a header has that.</param>
    /// <param name="headers">The record's headers (<see cref="LogHeaders"/>).</param>
    /// <param name="schema">The writer's schema.</param>
    /// <param name="length">The bytes of the payload that belong to the frame; 0: a header has it.</param>
    /// <param name="path">The path of the message, as Protobuf's payloads begin with it; empty: the payload has it.
    /// </param>
    /// <returns>False when there is no frame.</returns>
    public static bool TryRead(
        ReadOnlySpan<byte> payload,
        ReadOnlySpan<byte> headers,
        out SchemaId schema,
        out int length,
        out ReadOnlySpan<byte> path)
    {
        path = default;
        if (headers.Length > 0 && LogHeaders.TryFind(headers, Header, out ReadOnlySpan<byte> framed))
        {
            length = 0;
            int bytes = Read(framed, out schema);
            // Without a path it is the first message, which is a single zero.
            path = framed.Length > bytes ? framed[bytes..] : "\0"u8;
            return bytes > 0;
        }

        length = Read(payload, out schema);
        return length > 0;
    }

    private static int Read(ReadOnlySpan<byte> framed, out SchemaId schema)
    {
        int length = LengthOf(framed);
        schema = length switch
        {
            NumberBytes => new SchemaId(BinaryPrimitives.ReadInt32BigEndian(framed[1..])),
            GuidBytes => new SchemaId(0, new Guid(framed[1..GuidBytes], bigEndian: true)),
            _ => default,
        };
        return length;
    }

    /// <summary>The bytes of a frame, or 0 when there is none. JSON never starts with a byte 0 or 1.</summary>
    public static int LengthOf(ReadOnlySpan<byte> payload) => payload switch
    {
        [0, _, _, _, _, ..] => NumberBytes,
        [1, ..] when payload.Length >= GuidBytes => GuidBytes,
        _ => 0,
    };

    /// <summary>What a record without a frame seems to be, for the message that refuses it.</summary>
    internal static string Describe(ReadOnlySpan<byte> payload, ReadOnlySpan<byte> headers) => payload switch
    {
        _ when LogHeaders.TryFind(headers, Header, out _) => "its header __value_schema_id is neither a zero and an id "
            + "of four bytes nor a one and a GUID of 16",
        _ when LogHeaders.TryFind(headers, "apicurio.value.globalId"u8, out _)
            || LogHeaders.TryFind(headers, "apicurio.value.contentId"u8, out _) => "its schema's id is in a header of "
            + "Apicurio's; let the serializer write an id of four bytes in front of the payload",
        [] => "it is empty: a tombstone, or a record without a value",
        [0xC3, 0x01, ..] => "it is Avro's single-object encoding, whose schema a registry does not know",
        [(byte)'O', (byte)'b', (byte)'j', 1, ..] => "it is an Avro file, which no record is",
        [(byte)'{' or (byte)'[', ..] => "it looks like JSON; such a topic has the format json",
        [0 or 1, ..] => "its frame is cut short",
        _ => "use a serializer that registers its schemas; one that puts the id into a header uses __value_schema_id",
    };
}
