using System.Collections.Immutable;
using System.Text;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Model;

namespace ContextGrid.Runtime.Codecs;

/// <summary>
/// Where a CloudEvent's attributes and data stand in the payload (CloudEvents 1.0, JSON event format). Reused.
/// </summary>
internal sealed class CloudEventEnvelope
{
    private const string Prefix = "ce_";

    private readonly (byte[] Name, int Slot)[] _wanted;
    private readonly JsonText?[] _texts;
    private JsonText? _id, _source, _type, _spec, _time;

    /// <summary>Prepares for an event's fields.</summary>
    internal CloudEventEnvelope(ImmutableArray<FieldDefinition> fields, bool[] used)
    {
        _texts = new JsonText?[fields.Length];
        Slots =
        [
            .. Enumerable.Range(0, fields.Length).Where(i => used[i]
                && fields[i].Name.StartsWith(Prefix, StringComparison.Ordinal)
                && fields[i].Type is ValueKind.String or ValueKind.Timestamp),
        ];
        _wanted = [.. Slots.Select(i => (Encoding.UTF8.GetBytes(fields[i].Name[Prefix.Length..]), i))];
    }

    /// <summary>The fields that may be attributes.</summary>
    internal int[] Slots { get; }

    /// <summary>Where the data starts, from the payload's start.</summary>
    internal int DataStart { get; private set; }

    /// <summary>The data's bytes; 0: there is none, or it is null.</summary>
    internal int DataLength { get; private set; }

    /// <summary>Whether the data is in base 64.</summary>
    internal bool HasBase64 { get; private set; }

    /// <summary>The id; there is one unless <see cref="Lacking"/> says otherwise.</summary>
    internal JsonText Id => _id.GetValueOrDefault();

    /// <summary>The source; as <see cref="Id"/>.</summary>
    internal JsonText Source => _source.GetValueOrDefault();

    /// <summary>The version of the specification, as it is written.</summary>
    internal ReadOnlySpan<byte> SpecVersion(ReadOnlySpan<byte> payload) => Of(payload, _spec);

    /// <summary>The time, as it is written; empty: none.</summary>
    internal ReadOnlySpan<byte> Time(ReadOnlySpan<byte> payload) => Of(payload, _time);

    /// <summary>The text of a field's attribute.</summary>
    internal bool TryGet(int slot, out JsonText text)
    {
        text = _texts[slot].GetValueOrDefault();
        return _texts[slot] is not null;
    }

    /// <summary>The name of a required attribute that is not there; null: all are.</summary>
    internal string? Lacking(ReadOnlySpan<byte> payload) =>
        Of(payload, _spec).IsEmpty ? "specversion"
        : Of(payload, _id).IsEmpty ? "id"
        : Of(payload, _source).IsEmpty ? "source"
        : Of(payload, _type).IsEmpty ? "type"
        : null;

    /// <summary>Walks over the payload; false when it is no JSON object.</summary>
    internal bool Read(ref JsonCursor cursor)
    {
        Array.Clear(_texts);
        (_id, _source, _type, _spec, _time) = (null, null, null, null, null);
        (DataStart, DataLength, HasBase64) = (0, 0, false);
        if (cursor.Peek() != '{')
        {
            return cursor.Fail(DecodeHint.None, DecodeError.NotAnObject);
        }

        cursor.At++;
        bool open = cursor.Peek() != '}';
        cursor.At += open ? 0 : 1;
        while (open)
        {
            if (!cursor.ReadName(out JsonText name) || !Member(ref cursor, name))
            {
                return false;
            }

            byte next = cursor.Peek();
            if (next is not ((byte)',' or (byte)'}'))
            {
                return cursor.Fail(DecodeHint.ExpectedCommaOrEnd);
            }

            cursor.At++;
            open = next == ',';
        }

        return cursor.Peek() == 0 && cursor.At == cursor.Text.Length || cursor.Fail(DecodeHint.TrailingText);
    }

    private bool Member(ref JsonCursor cursor, JsonText name)
    {
        ReadOnlySpan<byte> word = cursor.Text.Slice(name.Start, name.Length);
        byte first = cursor.Peek();
        int start = cursor.At;
        if (first == '"')
        {
            if (!cursor.ReadText(out JsonText text))
            {
                return false;
            }

            Note(word, text);
        }
        else if (!cursor.SkipValue())
        {
            return false;
        }

        if (word.SequenceEqual("data"u8) && first != 'n')
        {
            (DataStart, DataLength) = (start, cursor.At - start);
        }

        HasBase64 |= word.SequenceEqual("data_base64"u8) && first != 'n';
        return true;
    }

    private void Note(ReadOnlySpan<byte> name, JsonText text)
    {
        _id = name.SequenceEqual("id"u8) ? text : _id;
        _source = name.SequenceEqual("source"u8) ? text : _source;
        _type = name.SequenceEqual("type"u8) ? text : _type;
        _spec = name.SequenceEqual("specversion"u8) ? text : _spec;
        _time = name.SequenceEqual("time"u8) ? text : _time;
        foreach ((byte[] wanted, int slot) in _wanted)
        {
            _texts[slot] = name.SequenceEqual(wanted) ? text : _texts[slot];
        }
    }

    private static ReadOnlySpan<byte> Of(ReadOnlySpan<byte> payload, JsonText? text) =>
        text is { } found ? payload.Slice(found.Start, found.Length) : default;
}
