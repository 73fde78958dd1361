using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Expressions;
using ContextGrid.Core.Model;

namespace ContextGrid.Runtime.Codecs;

/// <summary>
/// Decodes CloudEvents 1.0 with JSON data, in structured mode (one JSON object) and in binary mode (attributes in the
/// record's headers, the payload is the data). The fields are members of the data; a field <c>ce_NAME</c> that the data
/// lacks is the attribute NAME. Without a timestamp field the event time is <c>time</c>, without an id field the
/// producer's id is <c>source</c> and <c>id</c> together. Not thread-safe.
/// </summary>
public sealed class CloudEventDecoder : IEventDecoder
{
    private const int ShownCharsMax = 40;

    private readonly EventDefinition _definition;
    private readonly EventRules _rules;
    private readonly JsonEventDecoder _data;
    private readonly CloudEventAttributes _attributes;
    private readonly CloudEventEnvelope _envelope;

    /// <summary>Prepares a decoder.</summary>
    /// <param name="definitions">All definitions.</param>
    /// <param name="eventIndex">The event, by its index in <see cref="DefinitionSet.Events"/>.</param>
    public CloudEventDecoder(DefinitionSet definitions, int eventIndex)
    {
        _rules = new EventRules(definitions, eventIndex);
        _definition = _rules.Definition;
        _data = new JsonEventDecoder(definitions, eventIndex);
        _attributes = new CloudEventAttributes(_definition.Fields, _rules.Used);
        _envelope = new CloudEventEnvelope(_attributes);
    }

    /// <inheritdoc/>
    public ValueTask PrepareAsync(IPayloadBatch payloads, CancellationToken cancellationToken) => default;

    /// <inheritdoc/>
    public DecodeResult Decode(
        byte[] buffer, int start, int length, ArraySegment<byte> headers, long recordTimeMs, EventRecord into)
    {
        _rules.Begin(recordTimeMs, into);
        ReadOnlySpan<byte> payload = buffer.AsSpan(start, length);
        DecodeResult badHeader = _rules.Headers.Read(headers, into);
        if (length > JsonEventDecoder.PayloadBytesMax)
        {
            var tooLarge = new DecodeResult { Error = DecodeError.TooLarge, FieldIndex = -1, FoundLength = length };
            return _rules.Refuse(tooLarge, default, into);
        }

        if (CloudEventEnvelope.IsBinaryMode(headers))
        {
            _envelope.ReadBinary(headers, payload);
            return DecodeData(buffer, start, payload, badHeader, into);
        }

        if (!Utf8.IsValid(payload))
        {
            var notUtf8 = new DecodeResult
            {
                Error = DecodeError.InvalidUtf8, FieldIndex = -1, Buffer = buffer, FoundStart = start,
                FoundLength = length,
            };
            return _rules.Refuse(notUtf8, default, into);
        }

        var cursor = new JsonCursor(payload);
        if (!_envelope.Read(ref cursor, buffer, start))
        {
            var broken = new DecodeResult
            {
                Error = cursor.Error, Hint = cursor.Hint, FieldIndex = -1, Position = cursor.At, Buffer = buffer,
                FoundStart = start + cursor.At, FoundLength = length - cursor.At,
            };
            return _rules.Refuse(broken, default, into);
        }

        return DecodeData(buffer, start, payload, badHeader, into);
    }

    private DecodeResult DecodeData(
        byte[] buffer, int start, ReadOnlySpan<byte> payload, in DecodeResult badHeader, EventRecord into)
    {
        int dataStart = _envelope.DataStart;
        bool allRead = true;
        Fault fault = default;
        if (_envelope.DataLength > 0)
        {
            allRead = _data.ReadFields(buffer, start + dataStart, _envelope.DataLength, into, out fault);
        }
        else
        {
            _data.Begin(buffer, start + dataStart, into);
        }

        foreach (int key in _envelope.HasDataTwice ? _rules.Keys : [])
        {
            _data.Break(key);
        }

        // 1. What is wrong with the envelope is told before what is wrong with its data, which may only follow from it.
        string? wrong = TakeAttributes(into);
        Fault envelope = _envelope.Fault;
        wrong = envelope.Error == DecodeError.None ? WrongEnvelope(into) ?? wrong : null;
        fault = wrong is not null ? new Fault(DecodeError.InvalidCloudEvent, DecodeHint.None, -1, -dataStart, 0, 0)
            : envelope.Error == DecodeError.None ? fault
            : envelope with
            {
                Position = envelope.Position - dataStart, FoundStart = envelope.FoundStart - dataStart,
            };
        if (fault.Error == DecodeError.None && !badHeader.Succeeded)
        {
            return _data.RefuseHeader(badHeader, into);
        }

        // 2. The event as a whole: keys, times, hashes.
        DecodeResult result = _data.Conclude(fault, allRead && !_attributes.AreNone, payload, into);
        if (!result.Succeeded)
        {
            return result with { Position = result.Position + dataStart, FoundText = wrong };
        }

        into.IdHash = _definition.IdField >= 0 ? into.IdHash : IdHash(into);
        into.ContentHash = _envelope.IsBinary ? AttributesHash(into.ContentHash) : into.ContentHash;
        return result;
    }

    // Fields that are attributes. Returns what is wrong with one, in words.
    private string? TakeAttributes(EventRecord into)
    {
        string? wrong = null;
        foreach ((int slot, int attribute) in _attributes.Slots)
        {
            AttributeForm form = _attributes.FormOf(attribute);
            if (!into.Fields[slot].IsNull || form is AttributeForm.Absent or AttributeForm.Null)
            {
                continue;
            }

            Value text = _attributes.TextOf(attribute);
            FieldDefinition field = _definition.Fields[slot];
            if (form == AttributeForm.Nested || !TryTake(text, field, out into.Fields[slot]))
            {
                _data.Break(slot);
                wrong ??= $"the CloudEvent's attribute '{_attributes.NameOf(attribute)}' is "
                    + (form == AttributeForm.Nested ? "an object or an array" : $"'{Shown(text.Utf8)}'")
                    + $"; the field '{field.Name}' is {TypeNames.Of(field.Type)}";
            }
        }

        return wrong;
    }

    private bool TryTake(in Value text, FieldDefinition field, out Value value)
    {
        if (field.Type == ValueKind.String)
        {
            value = text;
            return Utf8.IsValid(text.Utf8);
        }

        (byte[] bytes, int at) = _envelope.Take(text.Utf8.Length);
        text.Utf8.CopyTo(bytes.AsSpan(at));
        return TextValue.TryRead(bytes, at, text.Utf8.Length, field, out value, out _, out _);
    }

    // What keeps the envelope from being one, in words; null: nothing. Notes the event time.
    private string? WrongEnvelope(EventRecord into)
    {
        if (_attributes.AreNone)
        {
            return "neither the payload nor the record's headers have a CloudEvent's attributes: send one JSON object "
                + "with specversion, id, source, type and data (structured mode), or the attributes in headers "
                + "ce_specversion, ce_id, ce_source and ce_type and the data as payload (binary mode)";
        }

        for (int attribute = CloudEventAttributes.SpecVersion; attribute <= CloudEventAttributes.Type; attribute++)
        {
            if (_attributes.FormOf(attribute) != AttributeForm.Text || _attributes.TextOf(attribute).Utf8.IsEmpty)
            {
                string how = _attributes.FormOf(attribute) == AttributeForm.Text ? "empty" : "missing or no text";
                return $"the CloudEvent's attribute '{_attributes.NameOf(attribute)}' is {how}";
            }
        }

        if (!_attributes.TextOf(CloudEventAttributes.SpecVersion).Utf8.SequenceEqual("1.0"u8))
        {
            return "the CloudEvent's specversion is not 1.0";
        }

        if (_envelope.HasBase64)
        {
            return "the CloudEvent has data_base64; send its data as a JSON object";
        }

        return WrongContent() ?? WrongTime(into);
    }

    // In structured mode the data is JSON by its place, whatever the attribute says.
    private string? WrongContent()
    {
        ReadOnlySpan<byte> type = _attributes.TextOf(CloudEventAttributes.ContentType).Utf8;
        return !_envelope.IsBinary || type.IsEmpty || MediaType.IsJson(type)
            ? null
            : $"the CloudEvent's data is {Shown(type)}; application/json is read";
    }

    private string? WrongTime(EventRecord into)
    {
        AttributeForm form = _attributes.FormOf(CloudEventAttributes.Time);
        if (_definition.TimestampField >= 0 || form is AttributeForm.Absent or AttributeForm.Null)
        {
            return null;
        }

        ReadOnlySpan<byte> time = _attributes.TextOf(CloudEventAttributes.Time).Utf8;
        if (form != AttributeForm.Text || !Rfc3339.TryParse(time, out long milliseconds, out _))
        {
            string found = form == AttributeForm.Nested ? "an object or an array" : $"'{Shown(time)}'";
            return $"the CloudEvent's time is {found}; an RFC 3339 text was meant, such as \"2026-01-31T12:00:00Z\"";
        }

        into.EventTimeMs = milliseconds;
        return null;
    }

    // A zero byte ends the source. One that has such a byte itself is written after its length, behind a byte that is
    // in no UTF-8: no two pairs of source and id are the same bytes.
    private ulong IdHash(EventRecord into)
    {
        ReadOnlySpan<byte> source = _attributes.TextOf(CloudEventAttributes.Source).Utf8;
        ReadOnlySpan<byte> id = _attributes.TextOf(CloudEventAttributes.Id).Utf8;
        bool isEnded = !source.Contains((byte)0);
        int head = isEnded ? 0 : 1 + sizeof(int), gap = isEnded ? 1 : 0;
        int length = head + source.Length + gap + id.Length;
        (byte[] bytes, int at) = _envelope.Take(length);
        Span<byte> both = bytes.AsSpan(at, length);
        if (isEnded)
        {
            both[source.Length] = 0;
        }
        else
        {
            both[0] = 0xFF;
            BinaryPrimitives.WriteInt32LittleEndian(both[1..], source.Length);
        }

        source.CopyTo(both[head..]);
        id.CopyTo(both[(length - id.Length)..]);
        return _rules.InScope(StableHash.Of(both), into);
    }

    // In binary mode the payload is the data alone. Attributes that nobody asks for, such as those of traces, may
    // differ between a record and its producer's retry.
    private ulong AttributesHash(ulong hash)
    {
        hash = EventRules.With(hash, _attributes.TextOf(CloudEventAttributes.Type));
        hash = EventRules.With(hash, _attributes.TextOf(CloudEventAttributes.Time));
        foreach ((_, int attribute) in _attributes.Slots)
        {
            hash = EventRules.With(hash, _attributes.TextOf(attribute));
        }

        return hash;
    }

    private static string Shown(ReadOnlySpan<byte> text) =>
        Encoding.UTF8.GetString(text[..Math.Min(text.Length, ShownCharsMax)]);
}
