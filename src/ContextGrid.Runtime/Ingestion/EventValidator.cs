using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Model;
using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Runtime.Ingestion;

/// <summary>
/// Checks events before they are written to the log, with the same decoder that reads them afterwards: what is accepted
/// here is not refused there. Thread-safe; each call borrows a decoder from a pool, and a good event allocates nothing
/// unless its key is written with escapes.
/// </summary>
public sealed class EventValidator
{
    private readonly DefinitionSet _definitions;
    private readonly EventDecoderFactory _decoders;
    private readonly ConcurrentBag<Worker> _pool = [];

    /// <summary>Creates a validator for a set of definitions.</summary>
    /// <param name="definitions">The definitions.</param>
    /// <param name="decoders">Makes decoders; null: <see cref="PlainDecoders.Create"/>.</param>
    /// <exception cref="ArgumentException">An event's format has no decoder.</exception>
    public EventValidator(DefinitionSet definitions, EventDecoderFactory? decoders = null)
    {
        _definitions = definitions;
        _decoders = decoders ?? PlainDecoders.Create;
        _pool.Add(new Worker(definitions, _decoders));
    }

    /// <summary>Finds the event whose records a topic holds.</summary>
    /// <returns>False when no definition names the topic.</returns>
    public bool TryGetEvent(string topic, out int eventIndex) => (eventIndex = _definitions.EventOf(topic)) >= 0;

    /// <summary>An event by its index.</summary>
    internal EventDefinition Definition(int eventIndex) => _definitions.Events[eventIndex];

    /// <summary>Checks one event that needs no schema.</summary>
    /// <param name="eventIndex">The event's index in <see cref="DefinitionSet.Events"/>.</param>
    /// <param name="payload">The payload as it would be written.</param>
    /// <param name="nowMs">The log time that it would get, milliseconds since the Unix epoch.</param>
    /// <param name="headers">The headers as they would be written (<see cref="LogHeaders"/>).</param>
    public EventValidation Validate(
        int eventIndex, ReadOnlyMemory<byte> payload, long nowMs, ReadOnlyMemory<byte> headers = default)
    {
        Worker worker = Rent();
        EventValidation validation = worker.Validate(eventIndex, payload, headers, nowMs);
        Return(worker);
        return validation;
    }

    /// <summary>Borrows what checks events, for many of them; one thread at a time.</summary>
    internal Worker Rent() => _pool.TryTake(out Worker? worker) ? worker : new Worker(_definitions, _decoders);

    /// <summary>Gives it back.</summary>
    internal void Return(Worker worker) => _pool.Add(worker);

    /// <summary>Decoders and the record that they fill: one thread at a time.</summary>
    internal sealed class Worker
    {
        private const string Empty = "an empty payload is no event. A tombstone, a record that has a key and no value, "
            + "is written by a producer of Kafka; it can't be published here.";

        private readonly DefinitionSet _definitions;
        private readonly IEventDecoder[] _decoders;
        private readonly EventRecord _record;

        internal Worker(DefinitionSet definitions, EventDecoderFactory decoders)
        {
            _definitions = definitions;
            _decoders = [.. definitions.Events.Select((_, i) => decoders(definitions, i))];
            _record = new EventRecord(definitions.Events.Select(e => e.Fields.Length).DefaultIfEmpty().Max());
        }

        /// <summary>Makes ready what checking the events needs, as <see cref="IEventDecoder.PrepareAsync"/>.</summary>
        internal ValueTask PrepareAsync(
            int eventIndex, IPayloadBatch events, CancellationToken cancellationToken) =>
            _decoders[eventIndex].PrepareAsync(events, cancellationToken);

        internal EventValidation Validate(
            int eventIndex, ReadOnlyMemory<byte> bytes, ReadOnlyMemory<byte> headers, long nowMs)
        {
            ArraySegment<byte> payload = ArrayOf(bytes);

            // A segment of an empty payload may have no array.
            byte[] buffer = payload.Array ?? [];
            DecodeResult result =
                _decoders[eventIndex].Decode(
                    buffer, payload.Offset, payload.Count, ArrayOf(headers), nowMs, _record);
            return result.Succeeded
                ? new EventValidation(DecodeError.None, "", Key(eventIndex, payload), _record.EventTimeMs)
                : new EventValidation(
                    result.Error,
                    payload.Count == 0 ? $"{_definitions.Events[eventIndex].Name}: {Empty}" : result.Message,
                    default,
                    _record.EventTimeMs);
        }

        private static ArraySegment<byte> ArrayOf(ReadOnlyMemory<byte> bytes) =>
            MemoryMarshal.TryGetArray(bytes, out ArraySegment<byte> array) ? array : bytes.ToArray();

        private ReadOnlyMemory<byte> Key(int eventIndex, ArraySegment<byte> payload)
        {
            int field = _definitions.Events[eventIndex].KeyField;
            Span<byte> digits = stackalloc byte[EntityKey.DigitsMax];
            if (field < 0 || !EntityKey.TryFormat(_record.Fields[field], digits, out ReadOnlySpan<byte> key))
            {
                return default;
            }

            // Nearly every key stands in the payload as it is, so a slice of the payload serves.
            int at = payload.AsSpan().IndexOf(key);
            return at >= 0 ? payload.AsMemory(at, key.Length) : key.ToArray();
        }
    }
}

/// <summary>What a check of one event found.</summary>
/// <param name="Error">What is wrong; <see cref="DecodeError.None"/> when the event is good.</param>
/// <param name="Message">What is wrong, where, and what was meant; empty when the event is good.</param>
/// <param name="Key">
/// The record's key, from the definition's key field: the bytes that choose the partition. Empty: none. Usually a slice
/// of the payload, valid as long as that is.
/// </param>
/// <param name="EventTimeMs">The event's time, as far as it is known; else the log time.</param>
public readonly record struct EventValidation(
    DecodeError Error, string Message, ReadOnlyMemory<byte> Key, long EventTimeMs)
{
    /// <summary>Whether the event is good.</summary>
    public bool IsValid => Error == DecodeError.None;

    /// <summary>The stable code, such as <c>wrong_type</c>; empty when the event is good.</summary>
    public string Reason => Error.Reason();
}
