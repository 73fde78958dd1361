using System.Buffers;
using System.Text;
using System.Text.Unicode;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Model;

namespace ContextGrid.Runtime.Codecs;

/// <summary>
/// Decodes JSON payloads of one event: the second step of an event's path, after the log and before the entities. It
/// keeps only the fields that some definition uses, copies no text that has no escapes, and allocates nothing once its
/// scratch has grown. Bad input never throws: it gives a <see cref="DecodeResult"/>.
/// </summary>
/// <remarks>
/// Not thread-safe: one decoder a thread. Values in the record are valid until the next call of <see cref="Decode"/>
/// and while the payload's buffer is unchanged. Members that no event declares are checked to be JSON and ignored, with
/// their duplicates. A null member is the same as an absent one.
/// </remarks>
public sealed class JsonEventDecoder
{
    /// <summary>The largest payload, 1 MiB: as much as the log takes.</summary>
    public const int PayloadBytesMax = 1024 * 1024;

    /// <summary>The longest list in a field.</summary>
    public const int ListItemsMax = JsonFieldReader.ListItemsMax;

    private readonly EventDefinition _definition;
    private readonly int _eventIndex;
    private readonly bool[] _used;
    private readonly int[] _keys;
    private readonly JsonFieldNames _names;
    private readonly JsonFieldReader _reader;

    /// <summary>Prepares a decoder.</summary>
    /// <param name="definitions">All definitions: they say which fields are used and which are keys.</param>
    /// <param name="eventIndex">The event, by its index in <see cref="DefinitionSet.Events"/>.</param>
    /// <exception cref="ArgumentException">The event's format is not JSON.</exception>
    public JsonEventDecoder(DefinitionSet definitions, int eventIndex)
    {
        _definition = definitions.Events[eventIndex];
        if (_definition.Format != EventFormat.Json)
        {
            throw new ArgumentException($"Event '{_definition.Name}' is not JSON.", nameof(eventIndex));
        }

        _eventIndex = eventIndex;
        _used = EventFields.Used(definitions, eventIndex);
        _keys = EventFields.Keys(definitions, eventIndex);
        _names = new JsonFieldNames(_definition.Fields);
        _reader = new JsonFieldReader(_definition.Fields);
    }

    /// <summary>Decodes one payload.</summary>
    /// <param name="buffer">Holds the payload; the record's texts point into it.</param>
    /// <param name="start">Where the payload starts.</param>
    /// <param name="length">Its length in bytes.</param>
    /// <param name="recordTimeMs">The record's log time, milliseconds since the Unix epoch.</param>
    /// <param name="into">
    /// Takes everything but <see cref="EventRecord.Position"/>. When the event is refused, only its key fields mean
    /// something (see <see cref="DecodeResult.KeysKnown"/>), and its event time as far as that is known.
    /// </param>
    public DecodeResult Decode(byte[] buffer, int start, int length, long recordTimeMs, EventRecord into)
    {
        ReadOnlySpan<byte> payload = buffer.AsSpan(start, length);
        Array.Clear(into.Fields, 0, _definition.Fields.Length);
        into.EventIndex = _eventIndex;
        into.LogTimeMs = recordTimeMs;
        into.EventTimeMs = recordTimeMs;
        into.IdHash = 0;
        into.ContentHash = 0;
        _reader.Begin(buffer, start, into.Fields);
        if (length > PayloadBytesMax)
        {
            return Refuse(new Fault(DecodeError.TooLarge, DecodeHint.None, -1, 0, 0, length), into, allRead: false);
        }

        var cursor = new JsonCursor(payload);
        bool allRead = ReadObject(ref cursor);
        bool isUtf8 = Utf8.IsValid(payload);
        Fault fault = FirstFault(in cursor, allRead, isUtf8);
        if (fault.Error == DecodeError.None)
        {
            fault = CheckKeys(into);
        }

        if (fault.Error == DecodeError.None)
        {
            fault = ReadEventTime(into);
        }

        if (fault.Error != DecodeError.None)
        {
            return Refuse(fault, into, allRead);
        }

        into.IdHash = IdHash(into);
        into.ContentHash = StableHash.Of(payload);
        return DecodeResult.Good;
    }

    private bool ReadObject(ref JsonCursor cursor)
    {
        byte first = cursor.Peek();
        if (first != '{')
        {
            return FailStart(ref cursor, first);
        }

        cursor.At++;
        bool open = cursor.Peek() != '}';
        cursor.At += open ? 0 : 1;
        for (int ordinal = 0; open; ordinal++)
        {
            if (!cursor.ReadName(out JsonText name))
            {
                return false;
            }

            int field = _names.Find(_reader.Plain(name), ordinal);
            if (!(field >= 0 ? ReadField(ref cursor, field, name) : cursor.SkipValue()))
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

    private bool ReadField(ref JsonCursor cursor, int field, JsonText name)
    {
        if (!_reader.See(field))
        {
            _reader.Report(DecodeError.DuplicateMember, DecodeHint.None, field, name.Start, name.Start, name.Length);
            return cursor.SkipValue();
        }

        return _used[field] ? _reader.Read(ref cursor, field) : cursor.SkipValue();
    }

    private static bool FailStart(ref JsonCursor cursor, byte first)
    {
        if (cursor.Text.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]))
        {
            return cursor.Fail(DecodeHint.ByteOrderMark);
        }

        if (cursor.At == cursor.Text.Length)
        {
            cursor.Error = DecodeError.InvalidJson;
            cursor.Hint = DecodeHint.Empty;
            return false;
        }

        int start = cursor.At;
        bool isJson = first == '[' || cursor.SkipScalar(first);
        cursor.At = isJson ? start : cursor.At;
        return isJson ? cursor.Fail(DecodeHint.None, DecodeError.NotAnObject) : cursor.Fail(cursor.Hint);
    }

    private Fault FirstFault(in JsonCursor cursor, bool allRead, bool isUtf8)
    {
        if (!isUtf8)
        {
            int at = FirstInvalidUtf8(cursor.Text);
            return new Fault(DecodeError.InvalidUtf8, DecodeHint.None, -1, at, at, 1);
        }

        if (!allRead)
        {
            int rest = cursor.Text.Length - cursor.At;
            return new Fault(cursor.Error, cursor.Hint, _reader.FieldBeingRead, cursor.At, cursor.At, rest);
        }

        int lone = cursor.LoneSurrogateAt;
        return _reader.Fault.Error == DecodeError.None && lone >= 0
            ? new Fault(DecodeError.LoneSurrogate, DecodeHint.None, -1, lone, lone, 6)
            : _reader.Fault;
    }

    private Fault CheckKeys(EventRecord into)
    {
        bool any = _keys.Length == 0;
        foreach (int field in _keys)
        {
            ref readonly Value key = ref into.Fields[field];
            any |= !key.IsNull;
            if (key.Kind == ValueKind.String && key.Utf8.Length is 0 or > EntityKey.BytesMax)
            {
                return _reader.FaultAt(field, key.Utf8.Length == 0 ? DecodeError.EmptyKey : DecodeError.KeyTooLong);
            }
        }

        if (!any)
        {
            return new Fault(DecodeError.MissingKey, DecodeHint.None, -1, 0, 0, 0);
        }

        // The field that partitions the topic need not be an entity's key; then an empty text means "no key".
        int partitioning = _definition.KeyField;
        return partitioning >= 0 && into.Fields[partitioning].Utf8.Length > EntityKey.BytesMax
            ? _reader.FaultAt(partitioning, DecodeError.KeyTooLong)
            : default;
    }

    private Fault ReadEventTime(EventRecord into)
    {
        int field = _definition.TimestampField;
        if (field < 0)
        {
            return default;
        }

        Value value = into.Fields[field];
        if (value.IsNull)
        {
            return new Fault(DecodeError.MissingTimestamp, DecodeHint.None, field, 0, 0, 0);
        }

        if (!EventTime.TryRead(value, into.LogTimeMs, out long timeMs, out DecodeHint hint))
        {
            return _reader.FaultAt(field, DecodeError.BadTimestamp, hint);
        }

        into.EventTimeMs = timeMs;
        return timeMs - _definition.FutureMsMax > into.LogTimeMs
            ? _reader.FaultAt(field, DecodeError.TooFarInFuture)
            : default;
    }

    // The keys of a refused event, as far as they can be trusted; the others become null.
    private DecodeResult Refuse(Fault fault, EventRecord into, bool allRead)
    {
        bool known = allRead || fault.Error == DecodeError.TooLarge && _keys.Length == 0;
        bool allKnown = true;
        foreach (int field in _keys)
        {
            Value key = into.Fields[field];
            bool isKey = key.Kind != ValueKind.String
                || (key.Utf8.Length is > 0 and <= EntityKey.BytesMax && Utf8.IsValid(key.Utf8));
            if (!isKey || _reader.IsBroken(field))
            {
                into.Fields[field] = Value.Null;
                allKnown = false;
            }

            allKnown &= known || _reader.Saw(field);
        }

        return new DecodeResult
        {
            Error = fault.Error,
            Hint = fault.Hint,
            KeysKnown = allKnown,
            FieldIndex = fault.Field,
            Position = fault.Position,
            Definition = _definition,
            Buffer = _reader.Buffer,
            FoundStart = _reader.Start + fault.FoundStart,
            FoundLength = fault.FoundLength,
            RecordTimeMs = into.LogTimeMs,
            EventTimeMs = into.EventTimeMs,
        };
    }

    private ulong IdHash(EventRecord into)
    {
        if (_definition.IdField < 0 || into.Fields[_definition.IdField] is not { IsNull: false } id)
        {
            return 0;
        }

        // Zero means "no id", so an id that hashes to zero takes the next number.
        ulong hash = id.Kind == ValueKind.String ? StableHash.Of(id.Utf8) : StableHash.Of(id.Int64);
        return hash == 0 ? 1 : hash;
    }

    private static int FirstInvalidUtf8(ReadOnlySpan<byte> text)
    {
        int at = 0;
        while (at < text.Length
            && Rune.DecodeFromUtf8(text[at..], out _, out int length) == OperationStatus.Done)
        {
            at += length;
        }

        return at;
    }
}
