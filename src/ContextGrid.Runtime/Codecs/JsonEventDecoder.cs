using System.Buffers;
using System.Runtime.CompilerServices;
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
/// their duplicates. A null member is the same as an absent one, and so are all members of a null object. A payload may
/// stand in the frame of a schema registry (<see cref="SchemaFrame"/>): the frame is skipped, and its schema is not
/// asked for.
/// </remarks>
public sealed class JsonEventDecoder : IEventDecoder
{
    /// <summary>The largest payload, 1 MiB: as much as the log takes.</summary>
    public const int PayloadBytesMax = 1024 * 1024;

    /// <summary>The longest list in a field.</summary>
    public const int ListItemsMax = JsonFieldReader.ListItemsMax;

    private readonly EventDefinition _definition;
    private readonly EventRules _rules;
    private readonly bool[] _used;
    private readonly JsonMembers _members;
    private readonly JsonFieldReader _reader;

    /// <summary>Prepares a decoder.</summary>
    /// <param name="definitions">All definitions: they say which fields are used and which are keys.</param>
    /// <param name="eventIndex">The event, by its index in <see cref="DefinitionSet.Events"/>.</param>
    /// <exception cref="ArgumentException">The event's format is not JSON.</exception>
    public JsonEventDecoder(DefinitionSet definitions, int eventIndex)
    {
        _definition = definitions.Events[eventIndex];
        if (_definition.Format is not (EventFormat.Json or EventFormat.CloudEvents))
        {
            throw new ArgumentException($"Event '{_definition.Name}' is not JSON.", nameof(eventIndex));
        }

        _rules = new EventRules(definitions, eventIndex);
        _used = _rules.Used;
        _members = JsonMembers.Of(_definition.Fields, _used, out int places);
        _reader = new JsonFieldReader(_definition.Fields, places);
    }

    /// <inheritdoc/>
    public ValueTask PrepareAsync(IPayloadBatch payloads, CancellationToken cancellationToken) => default;

    /// <inheritdoc/>
    public DecodeResult Decode(
        byte[] buffer, int start, int length, ArraySegment<byte> headers, long recordTimeMs, EventRecord into)
    {
        ReadOnlySpan<byte> payload = buffer.AsSpan(start, length);
        _rules.Begin(recordTimeMs, into);
        DecodeResult badHeader = _rules.Headers.Read(headers, into);
        if (length > PayloadBytesMax)
        {
            Begin(buffer, start, into);
            return Refuse(new Fault(DecodeError.TooLarge, DecodeHint.None, -1, 0, 0, length), into, allRead: false);
        }

        int frame = SchemaFrame.LengthOf(payload);
        bool allRead = ReadFields(buffer, start + frame, length - frame, into, out Fault fault);
        return fault.Error == DecodeError.None && !badHeader.Succeeded
            ? RefuseHeader(badHeader, into)
            : Conclude(fault, allRead, payload, into);
    }

    /// <summary>Starts a payload of which no fields are read.</summary>
    internal void Begin(byte[] buffer, int start, EventRecord into) => _reader.Begin(buffer, start, into.Fields);

    /// <summary>Notes that a field's value can't be trusted.</summary>
    internal void Break(int field) => _reader.Break(field);

    /// <summary>Reads the members of an object into the fields of an emptied record.</summary>
    /// <returns>Whether the whole text was read.</returns>
    internal bool ReadFields(byte[] buffer, int start, int length, EventRecord into, out Fault fault)
    {
        Begin(buffer, start, into);
        var cursor = new JsonCursor(buffer.AsSpan(start, length));
        bool allRead = ReadObject(ref cursor);
        fault = FirstFault(in cursor, allRead, Utf8.IsValid(cursor.Text));
        return allRead;
    }

    /// <summary>Judges an event whose fields have been read.</summary>
    internal DecodeResult Conclude(Fault fault, bool allRead, ReadOnlySpan<byte> payload, EventRecord into)
    {
        if (fault.Error == DecodeError.None)
        {
            fault = Check(into);
        }

        if (fault.Error != DecodeError.None)
        {
            return Refuse(fault, into, allRead);
        }

        into.IdHash = _rules.IdHash(into);
        into.ContentHash = _rules.ContentHash(payload, into);
        return DecodeResult.Good;
    }

    /// <summary>Refuses an event whose payload is good but for a header.</summary>
    internal DecodeResult RefuseHeader(in DecodeResult found, EventRecord into)
    {
        Break(found.FieldIndex);
        DecodeResult refused = Refuse(
            new Fault(found.Error, found.Hint, found.FieldIndex, 0, 0, found.FoundLength), into, allRead: true);
        return refused with { Buffer = found.Buffer, FoundStart = found.FoundStart };
    }

    private bool ReadObject(ref JsonCursor cursor)
    {
        if (cursor.Peek() != '{')
        {
            return cursor.FailStart();
        }

        return ReadMembers(ref cursor, _members)
            && ((cursor.Peek() == 0 && cursor.At == cursor.Text.Length) || cursor.Fail(DecodeHint.TrailingText));
    }

    // Stands at the opening bracket. As deep as the paths of the definition are, so the stack is safe.
    private bool ReadMembers(ref JsonCursor cursor, JsonMembers members)
    {
        cursor.At++;
        bool open = cursor.Peek() != '}';
        cursor.At += open ? 0 : 1;
        for (int ordinal = 0; open; ordinal++)
        {
            int nameAt = cursor.At + 1;
            JsonMember? member = members.Guess(ordinal);
            if (member?.Quoted is not { } quoted || !cursor.TryTake(quoted))
            {
                if (!cursor.ReadName(out JsonText name))
                {
                    return false;
                }

                member = members.Find(_reader.Plain(name), ordinal);
            }

            if (!ReadMember(ref cursor, member, nameAt))
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
            if (open)
            {
                cursor.Peek();
            }
        }

        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool ReadMember(ref JsonCursor cursor, JsonMember? member, int nameAt)
    {
        if (member is null)
        {
            return cursor.SkipValue();
        }

        if (!_reader.See(member.Place))
        {
            return SkipDuplicate(ref cursor, member, nameAt);
        }

        if (member.Inner is not { } inner)
        {
            return _used[member.Place] ? _reader.Read(ref cursor, member.Place) : cursor.SkipValue();
        }

        if (cursor.Peek() != '{')
        {
            return SkipNoObject(ref cursor, inner);
        }

        cursor.Depth++;
        bool isJson = ReadMembers(ref cursor, inner);
        cursor.Depth--;
        return isJson;
    }

    private bool SkipDuplicate(ref JsonCursor cursor, JsonMember member, int nameAt)
    {
        if (member.Inner is { } again)
        {
            _reader.Report(again, DecodeError.DuplicateMember, nameAt, member.Name.Length);
            return cursor.SkipValue();
        }

        _reader.Report(new Fault(
            DecodeError.DuplicateMember, DecodeHint.None, member.Place, nameAt, nameAt, member.Name.Length));
        return cursor.SkipValue();
    }

    private bool SkipNoObject(ref JsonCursor cursor, JsonMembers members)
    {
        byte first = cursor.Peek();
        int start = cursor.At;
        if (!cursor.SkipValue())
        {
            return false;
        }

        if (first != 'n' && members.IsUsed)
        {
            _reader.Report(members, DecodeError.WrongType, start, cursor.At - start);
        }

        return true;
    }

    private Fault FirstFault(in JsonCursor cursor, bool allRead, bool isUtf8)
    {
        if (!isUtf8)
        {
            int at = FirstInvalidUtf8(cursor.Text);
            return new Fault(DecodeError.InvalidUtf8, DecodeHint.None, -1, at, at, cursor.Text.Length - at);
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

    private Fault Check(EventRecord into)
    {
        DecodeError error = _rules.Check(into, out int field, out DecodeHint hint);
        return error switch
        {
            DecodeError.None => default,
            DecodeError.MissingKey or DecodeError.MissingTimestamp => new Fault(error, hint, field, 0, 0, 0),
            _ when field < 0 || !_reader.Saw(field) => new Fault(error, hint, field, 0, 0, 0),
            _ => _reader.FaultAt(field, error, hint),
        };
    }

    // The keys of a refused event, as far as they can be trusted; the others become null.
    private DecodeResult Refuse(Fault fault, EventRecord into, bool allRead)
    {
        bool known = allRead || fault.Error == DecodeError.TooLarge && _rules.Keys.Length == 0;
        bool allKnown = true;
        _rules.Complete(into);
        foreach (int field in _rules.Keys)
        {
            Value key = into.Fields[field];
            bool isKey = key.Kind != ValueKind.String
                || (key.Utf8.Length is > 0 and <= EntityKey.BytesMax && Utf8.IsValid(key.Utf8));
            if (!isKey || _reader.IsBroken(field))
            {
                into.Fields[field] = Value.Null;
                allKnown = false;
            }

            allKnown &= known || _reader.Saw(field) || _definition.Fields[field].Source.IsHeader;
        }

        return new DecodeResult
        {
            Error = fault.Error,
            Hint = fault.Hint,
            KeysKnown = allKnown,
            FieldIndex = fault.Field,
            Members = fault.Members,
            Position = fault.Position,
            Definition = _definition,
            Buffer = _reader.Buffer,
            FoundStart = _reader.Start + fault.FoundStart,
            FoundLength = fault.FoundLength,
            RecordTimeMs = into.LogTimeMs,
            EventTimeMs = into.EventTimeMs,
        };
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
