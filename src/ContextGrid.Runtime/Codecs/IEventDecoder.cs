using ContextGrid.Core.Definitions;
using ContextGrid.Core.Model;

namespace ContextGrid.Runtime.Codecs;

/// <summary>
/// Port: turns payloads of one event into records. JSON and CloudEvents need nothing but the payload; Avro and Protobuf
/// need the writer's schema, which <see cref="PrepareAsync"/> fetches before the first payload that names it is
/// decoded.
/// </summary>
/// <remarks>Not thread-safe: one decoder a thread, or one caller at a time.</remarks>
public interface IEventDecoder
{
    /// <summary>
    /// Makes ready what decoding a batch of payloads needs. Completes at once, without allocation, when nothing is
    /// missing. What was made ready for an earlier batch may be forgotten.
    /// </summary>
    /// <param name="payloads">The batch; unchanged until the task ends.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="SchemaUnavailableException">A schema can't be had at present. Nothing is wrong with the
    /// payloads: whoever asks tries again later, and no payload becomes a dead letter for it (I6).</exception>
    ValueTask PrepareAsync(IPayloadBatch payloads, CancellationToken cancellationToken);

    /// <summary>Decodes one payload. Bad input never throws; nothing is allocated once the scratch has grown.</summary>
    /// <param name="buffer">Holds the payload; the record's texts may point into it.</param>
    /// <param name="start">Where the payload starts.</param>
    /// <param name="length">Its length in bytes.</param>
    /// <param name="headers">
    /// The record's headers as <see cref="Ingestion.LogHeaders"/> encodes them; the record's texts may point into them.
    /// </param>
    /// <param name="recordTimeMs">The record's log time, milliseconds since the Unix epoch.</param>
    /// <param name="into">
    /// Takes everything but <see cref="EventRecord.Position"/>; its values are valid until the next call and while the
    /// buffer is unchanged. When the event is refused, only its key fields mean something (see
    /// <see cref="DecodeResult.KeysKnown"/>), and its event time as far as that is known.
    /// </param>
    /// <exception cref="InvalidOperationException">The payload was in no batch that was prepared.</exception>
    DecodeResult Decode(
        byte[] buffer, int start, int length, ArraySegment<byte> headers, long recordTimeMs, EventRecord into);
}

/// <summary>Records without headers.</summary>
public static class HeaderlessDecoding
{
    /// <summary>Decodes a payload that came without headers; otherwise as
    /// <see cref="IEventDecoder.Decode"/>.</summary>
    public static DecodeResult Decode(
        this IEventDecoder decoder, byte[] buffer, int start, int length, long recordTimeMs, EventRecord into) =>
        decoder.Decode(buffer, start, length, default, recordTimeMs, into);
}

/// <summary>Payloads that are about to be decoded.</summary>
public interface IPayloadBatch
{
    /// <summary>How many.</summary>
    int Count { get; }

    /// <summary>The payload at an index from 0; valid until the batch changes.</summary>
    ReadOnlySpan<byte> Payload(int index);

    /// <summary>The headers beside it (<see cref="Ingestion.LogHeaders"/>); valid as long.</summary>
    ReadOnlySpan<byte> Headers(int index);
}

/// <summary>Makes the decoder of an event. Thread-safe; every caller gets a decoder of its own.</summary>
/// <param name="definitions">All definitions.</param>
/// <param name="eventIndex">The event, by its index in <see cref="DefinitionSet.Events"/>.</param>
/// <exception cref="ArgumentException">There is no decoder for the event's format; the message says what to do.
/// </exception>
public delegate IEventDecoder EventDecoderFactory(DefinitionSet definitions, int eventIndex);

/// <summary>The decoders that need no other service.</summary>
public static class PlainDecoders
{
    /// <summary>The decoder of a JSON event or CloudEvent; an <see cref="EventDecoderFactory"/>.</summary>
    /// <exception cref="ArgumentException">The event is Avro or Protobuf: these take a schema registry.</exception>
    public static IEventDecoder Create(DefinitionSet definitions, int eventIndex)
    {
        EventDefinition definition = definitions.Events[eventIndex];
        return definition.Format switch
        {
            EventFormat.Json => new JsonEventDecoder(definitions, eventIndex),
            EventFormat.CloudEvents => new CloudEventDecoder(definitions, eventIndex),
            _ => throw new ArgumentException(
                $"Event '{definition.Name}' has the format {definition.Format.ToString().ToLowerInvariant()}, whose "
                + "schemas are in a schema registry; name it with --schema-registry URL."),
        };
    }
}
