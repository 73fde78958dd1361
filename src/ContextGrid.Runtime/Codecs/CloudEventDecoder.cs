using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Expressions;
using ContextGrid.Core.Model;

namespace ContextGrid.Runtime.Codecs;

/// <summary>
/// Decodes CloudEvents 1.0 in JSON, structured mode: the fields are members of <c>data</c>; a field <c>ce_NAME</c> that
/// the data lacks is the text of the attribute NAME. Without a timestamp field the event time is <c>time</c>, without
/// an id field the producer's id is <c>source</c> and <c>id</c> together. Not thread-safe.
/// </summary>
public sealed class CloudEventDecoder : IEventDecoder
{
    private readonly EventDefinition _definition;
    private readonly EventRules _rules;
    private readonly JsonEventDecoder _data;
    private readonly CloudEventEnvelope _envelope;
    private readonly ExpressionScratch _scratch = new();

    /// <summary>Prepares a decoder.</summary>
    /// <param name="definitions">All definitions.</param>
    /// <param name="eventIndex">The event, by its index in <see cref="DefinitionSet.Events"/>.</param>
    public CloudEventDecoder(DefinitionSet definitions, int eventIndex)
    {
        _rules = new EventRules(definitions, eventIndex);
        _definition = _rules.Definition;
        _data = new JsonEventDecoder(definitions, eventIndex);
        _envelope = new CloudEventEnvelope(_definition.Fields, _rules.Used);
    }

    /// <inheritdoc/>
    public ValueTask PrepareAsync(IPayloadBatch payloads, CancellationToken cancellationToken) => default;

    /// <inheritdoc/>
    public DecodeResult Decode(
        byte[] buffer, int start, int length, ArraySegment<byte> headers, long recordTimeMs, EventRecord into)
    {
        _rules.Begin(recordTimeMs, into);
        _scratch.Reset();
        ReadOnlySpan<byte> payload = buffer.AsSpan(start, length);
        if (length > JsonEventDecoder.PayloadBytesMax)
        {
            var tooLarge = new DecodeResult { Error = DecodeError.TooLarge, FieldIndex = -1, FoundLength = length };
            return _rules.Refuse(tooLarge, default, into);
        }

        var cursor = new JsonCursor(payload);
        if (!Utf8.IsValid(payload))
        {
            var notUtf8 = new DecodeResult
            {
                Error = DecodeError.InvalidUtf8, FieldIndex = -1, Buffer = buffer, FoundStart = start,
                FoundLength = length,
            };
            return _rules.Refuse(notUtf8, default, into);
        }

        if (!_envelope.Read(ref cursor))
        {
            var broken = new DecodeResult
            {
                Error = cursor.Error, Hint = cursor.Hint, FieldIndex = -1, Position = cursor.At, Buffer = buffer,
                FoundStart = start + cursor.At, FoundLength = length - cursor.At,
            };
            return _rules.Refuse(broken, default, into);
        }

        return DecodeData(buffer, start, payload, into);
    }

    private DecodeResult DecodeData(byte[] buffer, int start, ReadOnlySpan<byte> payload, EventRecord into)
    {
        Fault fault = default;
        bool allRead = _envelope.DataLength == 0
            || _data.ReadFields(buffer, start + _envelope.DataStart, _envelope.DataLength, into, out fault);
        TakeAttributes(buffer, start, into);
        string? wrong = Wrong(payload, into);
        fault = wrong is null ? fault : new Fault(DecodeError.InvalidCloudEvent, DecodeHint.None, -1, 0, 0, 0);
        DecodeResult result = _data.Conclude(fault, allRead, payload, into);
        if (result.Succeeded)
        {
            into.IdHash = _definition.IdField >= 0 ? into.IdHash : IdHash(buffer, start, into);
            return result;
        }

        return result with { Position = result.Position + _envelope.DataStart, FoundText = wrong };
    }

    private void TakeAttributes(byte[] buffer, int start, EventRecord into)
    {
        foreach (int slot in _envelope.Slots)
        {
            if (!into.Fields[slot].IsNull || !_envelope.TryGet(slot, out JsonText text))
            {
                continue;
            }

            Value value = Plain(buffer, start, text);
            bool isTime = _definition.Fields[slot].Type == ValueKind.Timestamp;
            into.Fields[slot] = !isTime ? value
                : Rfc3339.TryParse(value.Utf8, out long milliseconds, out _) ? Value.Timestamp(milliseconds)
                : Value.Null;
        }
    }

    // What keeps the envelope from being one, in words; null: nothing. Notes the event time.
    private string? Wrong(ReadOnlySpan<byte> payload, EventRecord into)
    {
        if (_envelope.Lacking(payload) is { } attribute)
        {
            return $"the CloudEvent's attribute '{attribute}' is missing or no text";
        }

        if (!_envelope.SpecVersion(payload).StartsWith("1."u8))
        {
            return "the CloudEvent's specversion is not 1.0";
        }

        if (_envelope.HasBase64)
        {
            return "the CloudEvent has data_base64; send its data as a JSON object";
        }

        if (_definition.TimestampField >= 0 || _envelope.Time(payload) is not { Length: > 0 } time)
        {
            return null;
        }

        if (!Rfc3339.TryParse(time, out long milliseconds, out _))
        {
            return $"the CloudEvent's time is '{Encoding.UTF8.GetString(time[..Math.Min(time.Length, 40)])}'; "
                + "an RFC 3339 text was meant";
        }

        into.EventTimeMs = milliseconds;
        return null;
    }

    // A zero byte ends the source. One that has such a byte itself is written after its length, behind a byte that is
    // in no UTF-8: no two pairs of source and id are the same bytes.
    private ulong IdHash(byte[] buffer, int start, EventRecord into)
    {
        Value source = Plain(buffer, start, _envelope.Source), id = Plain(buffer, start, _envelope.Id);
        bool isEnded = !source.Utf8.Contains((byte)0);
        int head = isEnded ? 0 : 1 + sizeof(int), gap = isEnded ? 1 : 0;
        int length = head + source.Utf8.Length + gap + id.Utf8.Length;
        (byte[] bytes, int at) = _scratch.Take(length);
        Span<byte> both = bytes.AsSpan(at, length);
        if (isEnded)
        {
            both[source.Utf8.Length] = 0;
        }
        else
        {
            both[0] = 0xFF;
            BinaryPrimitives.WriteInt32LittleEndian(both[1..], source.Utf8.Length);
        }

        source.Utf8.CopyTo(both[head..]);
        id.Utf8.CopyTo(both[(length - id.Utf8.Length)..]);
        return _rules.InScope(StableHash.Of(both), into);
    }

    private Value Plain(byte[] buffer, int start, JsonText text)
    {
        if (!text.Escaped)
        {
            return Value.Text(buffer, start + text.Start, text.Length);
        }

        (byte[] bytes, int at) = _scratch.Take(text.Length);
        ReadOnlySpan<byte> source = buffer.AsSpan(start + text.Start, text.Length);
        return Value.Text(bytes, at, JsonText.Unescape(source, bytes.AsSpan(at, text.Length)));
    }
}
