using System.Globalization;
using System.Text.Unicode;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Expressions;
using ContextGrid.Core.Model;
using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Adapters.SchemaRegistry;

/// <summary>
/// Takes the values that a payload has for the used fields, and remembers the first that is wrong; the walk over the
/// payload goes on, so that keys behind it are still found. Its scratch is reused. Not thread-safe.
/// </summary>
internal sealed class FieldSink(EventDefinition definition)
{
    private readonly bool[] _isBroken = new bool[definition.Fields.Length];
    private readonly ExpressionScratch _scratch = new();
    private readonly Value[]?[] _lists = new Value[definition.Fields.Length][];
    private readonly int[] _counts = new int[definition.Fields.Length];
    private readonly DecodeResult[] _faults = new DecodeResult[definition.Fields.Length];
    private readonly long[] _faultOrder = new long[definition.Fields.Length];
    private readonly TimeParts[] _parts = new TimeParts[definition.Fields.Length];
    private readonly long[] _begun = new long[definition.Fields.Length];
    private int _broken;
    private long _faultsSeen;
    private long _payload;
    private Value[] _into = [];

    /// <summary>The first that is wrong with a field; <see cref="DecodeError.None"/>: nothing.</summary>
    internal DecodeResult Fault => _broken == 0 ? default : FirstFault();

    /// <summary>Which fields have no value that can be trusted.</summary>
    internal ReadOnlySpan<bool> IsBroken => _isBroken;

    /// <summary>The buffer that holds the payload.</summary>
    internal byte[] Buffer { get; private set; } = [];

    /// <summary>Where in the buffer the bytes start that places are counted from.</summary>
    internal int Start { get; private set; }

    /// <summary>Starts a payload; what the last one left in the scratch is then invalid.</summary>
    internal void Begin(byte[] buffer, int start, Value[] into)
    {
        (Buffer, Start, _into) = (buffer, start, into);
        _payload++;
        _scratch.Reset();
        Array.Clear(_counts);
        if (_broken > 0)
        {
            Array.Clear(_isBroken);
            _broken = 0;
        }
    }

    /// <summary>Notes that a field has its default or its value, where messages come in pieces.</summary>
    /// <returns>Whether it is the first time for this payload, or since it was replaced.</returns>
    internal bool TryOpen(int slot)
    {
        bool isFirst = _begun[slot] != _payload;
        _begun[slot] = _payload;
        return isFirst;
    }

    /// <summary>The parts of a time that comes in pieces; new for each <see cref="TryOpen"/>.</summary>
    internal ref TimeParts Parts(int slot) => ref _parts[slot];

    /// <summary>Gives a field the value that it has while it is absent, whatever came for it so far.</summary>
    internal void Replace(int slot, in Value value)
    {
        _begun[slot] = 0;
        _counts[slot] = 0;
        Mend(slot);
        _into[slot] = value;
    }

    /// <summary>Forgets what was wrong with a field: another value came for it, and the last counts.</summary>
    internal void Mend(int slot)
    {
        if (_isBroken[slot])
        {
            _isBroken[slot] = false;
            _broken--;
        }
    }

    /// <summary>The value that a field has so far.</summary>
    internal ref Value At(int slot) => ref _into[slot];

    /// <summary>Sets a field.</summary>
    internal void Set(int slot, in Value value) => _into[slot] = value;

    /// <summary>A text that stands in the payload.</summary>
    /// <returns>False when it is not UTF-8.</returns>
    internal bool TryText(int at, int length, out Value text)
    {
        text = Value.Text(Buffer, Start + at, length);
        return Utf8.IsValid(text.Utf8);
    }

    /// <summary>Room for a text that does not stand in the payload.</summary>
    internal Span<byte> TakeText(int length, out Value text)
    {
        (byte[] bytes, int start) = _scratch.Take(length);
        text = Value.Text(bytes, start, length);
        return bytes.AsSpan(start, length);
    }

    /// <summary>Sets a field to a text that stands in the payload; a Timestamp is read as RFC 3339.</summary>
    internal void SetText(int slot, int at, int length)
    {
        if (!TryText(at, length, out Value text))
        {
            Report(DecodeError.InvalidUtf8, DecodeHint.None, slot, at, at, length);
        }
        else if (definition.Fields[slot].Type != ValueKind.Timestamp)
        {
            _into[slot] = text;
        }
        else if (Rfc3339.TryParse(text.Utf8, out long milliseconds, out DecodeHint hint))
        {
            _into[slot] = Value.Timestamp(milliseconds);
        }
        else
        {
            Report(DecodeError.BadTimestamp, hint, slot, at, at, length);
        }
    }

    /// <summary>Sets a field to a point in time whose form leaves no doubt.</summary>
    /// <param name="slot">The field.</param>
    /// <param name="milliseconds">Milliseconds since the Unix epoch.</param>
    /// <param name="at">Where it stands.</param>
    internal void SetTime(int slot, long milliseconds, int at) =>
        SetTime(slot, milliseconds, TimeUnit.Milliseconds, isCertain: true, at);

    /// <summary>
    /// Sets a field to the point in time of a number. Where schema and definition state the same unit, or only the
    /// definition states one, the number is taken as it is; else it must not look like another unit.
    /// </summary>
    /// <param name="slot">The field.</param>
    /// <param name="number">Since the Unix epoch.</param>
    /// <param name="unit">The unit that the schema states; unstated: the definition's counts.</param>
    /// <param name="at">Where it stands.</param>
    internal void SetTime(int slot, long number, TimeUnit unit, int at)
    {
        TimeUnit declared = definition.Fields[slot].Unit;
        TimeUnit stated = unit == TimeUnit.Unstated ? declared : unit;
        SetTime(slot, number, stated, stated == declared && stated != TimeUnit.Unstated, at);
    }

    private void SetTime(int slot, long number, TimeUnit unit, bool isCertain, int at)
    {
        if (EventTime.TryConvert(number, unit, isCertain, out long milliseconds, out DecodeHint hint))
        {
            _into[slot] = Value.Timestamp(milliseconds);
        }
        else
        {
            string word = TimeUnits.Word(unit);
            Report(DecodeError.BadTimestamp, hint, slot, at, string.Create(
                CultureInfo.InvariantCulture, $"{number}{(word.Length == 0 ? "" : " " + word)}"));
        }
    }

    /// <summary>How many items the list of a field has so far; one more than the limit stands for all that follow.
    /// </summary>
    internal int ItemsOf(int slot) => _counts[slot];

    /// <summary>Adds an item to the list of a field.</summary>
    internal void Add(int slot, in Value item)
    {
        int count = _counts[slot];
        if (count > JsonEventDecoder.ListItemsMax)
        {
            return;
        }

        Value[] items = _lists[slot] ??= new Value[16];
        if (count == items.Length)
        {
            Array.Resize(ref items, count * 2);
            _lists[slot] = items;
        }

        items[count] = item;
        _counts[slot]++;
    }

    /// <summary>Sets a field to the list that it has so far.</summary>
    internal void EndList(int slot, int at)
    {
        if (_counts[slot] > JsonEventDecoder.ListItemsMax)
        {
            Report(DecodeError.ListTooLong, DecodeHint.None, slot, at, at, 0);
        }
        else
        {
            _into[slot] = Value.List(_lists[slot] ?? [], 0, _counts[slot]);
        }
    }

    /// <summary>Remembers a fault whose text stands in the payload.</summary>
    internal void Report(DecodeError error, DecodeHint hint, int slot, int at, int foundAt, int foundLength) =>
        Report(slot, new DecodeResult
        {
            Error = error, Hint = hint, FieldIndex = slot, Position = at, Buffer = Buffer,
            FoundStart = Start + foundAt, FoundLength = foundLength,
        });

    /// <summary>Remembers a fault, in words. Allocates.</summary>
    internal void Report(DecodeError error, DecodeHint hint, int slot, int at, string found) =>
        Report(slot, new DecodeResult
        {
            Error = error, Hint = hint, FieldIndex = slot, Position = at, FoundText = found,
        });

    private void Report(int slot, in DecodeResult fault)
    {
        _into[slot] = Value.Null;
        if (!_isBroken[slot])
        {
            (_isBroken[slot], _faults[slot], _faultOrder[slot]) = (true, fault, ++_faultsSeen);
            _broken++;
        }
    }

    private DecodeResult FirstFault()
    {
        int first = -1;
        for (int slot = 0; slot < _isBroken.Length; slot++)
        {
            first = _isBroken[slot] && (first < 0 || _faultOrder[slot] < _faultOrder[first]) ? slot : first;
        }

        return _faults[first];
    }
}

/// <summary>The parts of a time.</summary>
internal struct TimeParts
{
    /// <summary>Seconds since the Unix epoch.</summary>
    internal long Seconds;

    /// <summary>Nanoseconds within the second.</summary>
    internal int Nanos;
}
