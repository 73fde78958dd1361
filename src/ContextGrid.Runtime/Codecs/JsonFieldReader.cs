using System.Collections.Immutable;
using System.Globalization;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Expressions;
using ContextGrid.Core.Model;

namespace ContextGrid.Runtime.Codecs;

/// <summary>
/// Turns member values into field values of the declared types. A value of the wrong type is remembered as the fault
/// and the walk goes on, so that the keys behind it are still found. Not thread-safe.
/// </summary>
internal sealed class JsonFieldReader
{
    internal const int ListItemsMax = 1024;

    private readonly ImmutableArray<FieldDefinition> _fields;
    private readonly ExpressionScratch _scratch = new();
    private readonly int[] _seenIn;
    private readonly int[] _brokenIn;
    private readonly int[] _valueStart;
    private readonly int[] _valueLength;
    private Value[] _items = [];
    private int _itemCount;
    private int _payload;
    private Value[] _into = [];

    /// <param name="fields">The event's fields.</param>
    /// <param name="places">How many places there are to note: the fields, then objects with fields in them.</param>
    internal JsonFieldReader(ImmutableArray<FieldDefinition> fields, int places)
    {
        _fields = fields;
        _seenIn = new int[places];
        _brokenIn = new int[fields.Length];
        _valueStart = new int[fields.Length];
        _valueLength = new int[fields.Length];
    }

    /// <summary>The first fault that did not stop the walk.</summary>
    internal Fault Fault { get; private set; }

    /// <summary>The field whose value is being read; −1: none.</summary>
    internal int FieldBeingRead { get; private set; }

    /// <summary>The payload's buffer.</summary>
    internal byte[] Buffer { get; private set; } = [];

    /// <summary>Where the payload starts in it.</summary>
    internal int Start { get; private set; }

    /// <summary>Starts a payload; what the last one left in the scratch is then invalid.</summary>
    internal void Begin(byte[] buffer, int start, Value[] into)
    {
        Buffer = buffer;
        Start = start;
        _into = into;
        Fault = default;
        FieldBeingRead = -1;
        _scratch.Reset();
        _itemCount = 0;
        if (++_payload == int.MaxValue)
        {
            _payload = 1;
            Array.Clear(_seenIn);
            Array.Clear(_brokenIn);
        }
    }

    /// <summary>Notes that a member occurs.</summary>
    /// <returns>False when it has occurred before.</returns>
    internal bool See(int place)
    {
        bool first = _seenIn[place] != _payload;
        _seenIn[place] = _payload;
        return first;
    }

    /// <summary>Whether the member has occurred.</summary>
    internal bool Saw(int field) => _seenIn[field] == _payload;

    /// <summary>Whether the field's value can't be trusted.</summary>
    internal bool IsBroken(int field) => _brokenIn[field] == _payload;

    /// <summary>A fault about a field's value.</summary>
    internal Fault FaultAt(int field, DecodeError error, DecodeHint hint = DecodeHint.None) =>
        new(error, hint, field, _valueStart[field], _valueStart[field], _valueLength[field]);

    /// <summary>Remembers a fault that does not stop the walk.</summary>
    internal void Report(in Fault fault)
    {
        Break(fault.Field);
        if (Fault.Error == DecodeError.None)
        {
            Fault = fault;
        }
    }

    /// <summary>Remembers a fault of an object: none of the fields in it can be trusted.</summary>
    internal void Report(JsonMembers members, DecodeError error, int position, int length)
    {
        foreach (int field in members.Fields)
        {
            Break(field);
        }

        Report(new Fault(error, DecodeHint.None, members.Fields[0], position, position, length)
        {
            Members = members.Depth,
        });
    }

    /// <summary>Notes that a field's value can't be trusted.</summary>
    internal void Break(int field) => _brokenIn[field] = _payload;

    /// <summary>A text without its escapes: a slice of the payload, or of the scratch.</summary>
    internal ReadOnlySpan<byte> Plain(JsonText text) =>
        text.Escaped ? ToValue(text).Utf8 : Buffer.AsSpan(Start + text.Start, text.Length);

    /// <summary>Reads a member's value; false when it is not JSON.</summary>
    internal bool Read(ref JsonCursor cursor, int field)
    {
        byte first = cursor.Peek();
        int start = cursor.At;
        FieldBeingRead = field;
        Fault found = default;
        bool isJson = first switch
        {
            (byte)'"' => ReadText(ref cursor, field, out found),
            (byte)'-' or (>= (byte)'0' and <= (byte)'9') => ReadNumber(ref cursor, field, out found),
            (byte)'n' => cursor.ReadWord("null"u8),
            (byte)'t' or (byte)'f' => ReadBool(ref cursor, field, first == 't', out found),
            (byte)'[' when _fields[field].Type == ValueKind.List => ReadList(ref cursor, field, out found),
            _ => SkipWrong(ref cursor, out found),
        };
        if (!isJson)
        {
            _brokenIn[field] = _payload;
            return false;
        }

        FieldBeingRead = -1;
        _valueStart[field] = start;
        _valueLength[field] = cursor.At - start;
        if (found.Error != DecodeError.None)
        {
            Report(new Fault(found.Error, found.Hint, field, start, start, cursor.At - start));
        }

        return true;
    }

    private bool ReadText(ref JsonCursor cursor, int field, out Fault fault)
    {
        fault = default;
        int start = cursor.At;
        if (!cursor.ReadText(out JsonText text))
        {
            return false;
        }

        ValueKind type = _fields[field].Type;
        if (text.Broken)
        {
            fault = new Fault(DecodeError.LoneSurrogate, DecodeHint.None, field, start, start, cursor.At - start);
        }
        else if (type == ValueKind.String)
        {
            _into[field] = ToValue(text);
        }
        else if (type == ValueKind.Timestamp)
        {
            bool good = Rfc3339.TryParse(Plain(text), out long milliseconds, out DecodeHint hint);
            _into[field] = good ? Value.Timestamp(milliseconds) : default;
            fault = good ? default : new Fault(DecodeError.BadTimestamp, hint, field, 0, 0, 0);
        }
        else
        {
            bool number = type is ValueKind.Int64 or ValueKind.Double && LooksLikeNumber(Plain(text));
            fault = Wrong(number ? DecodeHint.NumberInQuotes : DecodeHint.None);
        }

        return true;
    }

    private bool ReadNumber(ref JsonCursor cursor, int field, out Fault fault)
    {
        fault = default;
        int start = cursor.At;
        if (!JsonNumber.TryRead(ref cursor, out JsonNumber number))
        {
            return false;
        }

        switch (_fields[field].Type)
        {
            case ValueKind.Int64:
                bool fits = number.TryToInt64(out long integer);
                _into[field] = fits ? Value.Of(integer) : default;
                fault = fits ? default : number.IsWhole ? OutOfRange() : Wrong(DecodeHint.Fraction);
                break;
            case ValueKind.Double:
                bool finite = number.TryToDouble(cursor.Text[start..cursor.At], out double real);
                _into[field] = finite ? Value.Of(real) : default;
                fault = finite ? default : OutOfRange();
                break;
            case ValueKind.Timestamp:
                bool good = number.TryToTime(_fields[field].Unit, out long time, out DecodeHint hint);
                _into[field] = good ? Value.Timestamp(time) : default;
                fault = good ? default : new Fault(DecodeError.BadTimestamp, hint, field, 0, 0, 0);
                break;
            case ValueKind.String:
                fault = Wrong(DecodeHint.TextWithoutQuotes);
                break;
            default:
                fault = Wrong();
                break;
        }

        return true;
    }

    private bool ReadBool(ref JsonCursor cursor, int field, bool value, out Fault fault)
    {
        bool isBool = _fields[field].Type == ValueKind.Bool;
        fault = isBool ? default : Wrong();
        _into[field] = isBool ? Value.Of(value) : default;
        return cursor.ReadWord(value ? "true"u8 : "false"u8);
    }

    private static bool SkipWrong(ref JsonCursor cursor, out Fault fault)
    {
        fault = Wrong();
        return cursor.SkipValue();
    }

    private bool ReadList(ref JsonCursor cursor, int field, out Fault fault)
    {
        fault = default;
        int first = _itemCount;
        cursor.At++;
        cursor.Depth++;
        bool open = cursor.Peek() != ']';
        cursor.At += open ? 0 : 1;
        while (open)
        {
            if (!ReadItem(ref cursor, first, ref fault))
            {
                return false;
            }

            byte next = cursor.Peek();
            if (next is not ((byte)',' or (byte)']'))
            {
                return cursor.Fail(DecodeHint.ExpectedCommaOrEnd);
            }

            cursor.At++;
            open = next == ',';
        }

        cursor.Depth--;
        int count = _itemCount - first;
        fault = count > ListItemsMax ? new Fault(DecodeError.ListTooLong, DecodeHint.None, field, 0, 0, 0) : fault;
        _into[field] = Value.List(_items, first, Math.Min(count, ListItemsMax));
        return true;
    }

    // The type of an item is that of its JSON; whole numbers of 64 bits are Int64.
    private bool ReadItem(ref JsonCursor cursor, int first, ref Fault fault)
    {
        byte b = cursor.Peek();
        int start = cursor.At;
        Value item = default;
        switch (b)
        {
            case (byte)'"' when cursor.ReadText(out JsonText text):
                item = ToValue(text);
                fault = text.Broken ? new Fault(DecodeError.LoneSurrogate, DecodeHint.None, -1, 0, 0, 0) : fault;
                break;
            case (byte)'-' or (>= (byte)'0' and <= (byte)'9')
                when JsonNumber.TryRead(ref cursor, out JsonNumber number):
                double real = 0;
                bool fits = number.TryToInt64(out long integer)
                    || number.TryToDouble(cursor.Text[start..cursor.At], out real);
                item = number.TryToInt64(out _) ? Value.Of(integer) : Value.Of(real);
                fault = fits ? fault : OutOfRange();
                break;
            case (byte)'t' or (byte)'f' when cursor.SkipScalar(b):
                item = Value.Of(b == 't');
                break;
            case (byte)'n' when cursor.SkipScalar(b):
                break;
            case (byte)'[' or (byte)'{' when cursor.SkipValue():
                fault = Wrong(DecodeHint.NestedList);
                break;
            default:
                return cursor.Error == DecodeError.None ? cursor.Fail(DecodeHint.ExpectedValue) : false;
        }

        // One item more than the limit shows that the list is too long; the rest need not be kept.
        if (_itemCount - first <= ListItemsMax)
        {
            Add(item);
        }

        return true;
    }

    private void Add(in Value item)
    {
        if (_itemCount == _items.Length)
        {
            Array.Resize(ref _items, Math.Max(16, _items.Length * 2));
        }

        _items[_itemCount++] = item;
    }

    private Value ToValue(JsonText text)
    {
        if (!text.Escaped)
        {
            return Value.Text(Buffer, Start + text.Start, text.Length);
        }

        (byte[] bytes, int start) = _scratch.Take(text.Length);
        ReadOnlySpan<byte> source = Buffer.AsSpan(Start + text.Start, text.Length);
        int length = JsonText.Unescape(source, bytes.AsSpan(start, text.Length));
        return Value.Text(bytes, start, length);
    }

    private static Fault Wrong(DecodeHint hint = DecodeHint.None) => new(DecodeError.WrongType, hint, -1, 0, 0, 0);

    private static Fault OutOfRange() => new(DecodeError.NumberOutOfRange, DecodeHint.None, -1, 0, 0, 0);

    private static bool LooksLikeNumber(ReadOnlySpan<byte> text) =>
        double.TryParse(text, CultureInfo.InvariantCulture, out _);
}
