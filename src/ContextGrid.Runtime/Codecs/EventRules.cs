using ContextGrid.Core.Definitions;
using ContextGrid.Core.Model;

namespace ContextGrid.Runtime.Codecs;

/// <summary>
/// What holds for an event whatever its encoding: which fields count, which keys and which event time it must have, and
/// its hashes. Immutable.
/// </summary>
internal sealed class EventRules
{
    private readonly int _eventIndex;

    // Fields with alternatives: the field, and what counts where it is null.
    private readonly (int Field, int[] Others)[] _alternatives;

    /// <summary>Prepares the rules of one event.</summary>
    internal EventRules(DefinitionSet definitions, int eventIndex)
    {
        _eventIndex = eventIndex;
        Definition = definitions.Events[eventIndex];
        Used = EventFields.Used(definitions, eventIndex);
        Keys = EventFields.Keys(definitions, eventIndex);
        Headers = new HeaderFields(Definition.Fields, Used);
        _alternatives =
        [
            .. Enumerable.Range(0, Used.Length)
                .Where(field => Used[field] && Definition.Fields[field].Alternatives.Length > 0)
                .Select(field => (field, EventFields.Alternatives(Definition, field).ToArray())),
        ];
    }

    /// <summary>The event.</summary>
    internal EventDefinition Definition { get; }

    /// <summary>Which fields are decoded, by field index.</summary>
    internal bool[] Used { get; }

    /// <summary>The fields that hold an entity's key, ascending.</summary>
    internal int[] Keys { get; }

    /// <summary>The fields that are read from headers.</summary>
    internal HeaderFields Headers { get; }

    /// <summary>Empties a record for a new event.</summary>
    internal void Begin(long recordTimeMs, EventRecord into)
    {
        Array.Clear(into.Fields, 0, Definition.Fields.Length);
        into.EventIndex = _eventIndex;
        into.LogTimeMs = recordTimeMs;
        into.EventTimeMs = recordTimeMs;
        into.IdHash = 0;
        into.ContentHash = 0;
    }

    /// <summary>Checks keys and event time, and notes the event time.</summary>
    /// <param name="into">The record with its fields.</param>
    /// <param name="field">The field that is wrong; −1: it is not about one.</param>
    /// <param name="hint">What exactly is wrong.</param>
    internal DecodeError Check(EventRecord into, out int field, out DecodeHint hint)
    {
        hint = DecodeHint.None;
        Complete(into);
        DecodeError error = CheckKeys(into, out field);
        return error == DecodeError.None ? CheckTime(into, out field, out hint) : error;
    }

    /// <summary>The hash of the producer's id in its scope; 0: it has none. An empty text is no id.</summary>
    internal ulong IdHash(EventRecord into)
    {
        if (Definition.IdField < 0 || into.Fields[Definition.IdField] is not { IsNull: false } id
            || (id.Kind == ValueKind.String && id.Utf8.IsEmpty))
        {
            return 0;
        }

        return InScope(HashOf(id), into);
    }

    /// <summary>
    /// The hash of an id in its scope: where ids are scoped by key, equal ids of two keys are two ids. Zero means "no
    /// id", so an id that hashes to zero takes the next number.
    /// </summary>
    internal ulong InScope(ulong id, EventRecord into)
    {
        if (Definition.IdScope == IdScope.Key)
        {
            // The key's hash is turned before the two meet, so that id and key can't change places.
            id = StableHash.Of((long)(id ^ (HashOf(into.Fields[Definition.KeyField]) * 0x9E3779B97F4A7C15)));
        }

        return id == 0 ? 1 : id;
    }

    /// <summary>The hash of what an event says: its payload, and its fields from headers.</summary>
    internal ulong ContentHash(ReadOnlySpan<byte> payload, EventRecord into)
    {
        ulong hash = StableHash.Of(payload);
        foreach (int slot in Headers.Slots)
        {
            hash = With(hash, into.Fields[slot]);
        }

        return hash;
    }

    /// <summary>A hash of what has another hash, and a value.</summary>
    internal static ulong With(ulong hash, in Value value) =>
        StableHash.Of(unchecked((long)((hash * 31) + HashOf(value) + (ulong)value.Kind)));

    /// <summary>
    /// The outcome for a refused event. Keys that can't be trusted become null in the record.
    /// </summary>
    /// <param name="found">Error, field, place and what was found; the rest is completed here.</param>
    /// <param name="isBroken">Which fields can't be trusted; null: none of them.</param>
    /// <param name="into">The record.</param>
    internal DecodeResult Refuse(in DecodeResult found, ReadOnlySpan<bool> isBroken, EventRecord into)
    {
        bool allKnown = true;
        Complete(into);
        foreach (int field in Keys)
        {
            ref Value key = ref into.Fields[field];
            bool isRead = !isBroken.IsEmpty || Definition.Fields[field].Source.IsHeader;
            bool isWrong = !isBroken.IsEmpty && isBroken[field];
            bool isKey = isRead && !isWrong && found.FieldIndex != field
                && (key.Kind != ValueKind.String || key.Utf8.Length is > 0 and <= EntityKey.BytesMax);
            allKnown &= isKey;
            key = isKey ? key : Value.Null;
        }

        return found with
        {
            KeysKnown = allKnown,
            Definition = Definition,
            RecordTimeMs = into.LogTimeMs,
            EventTimeMs = into.EventTimeMs,
        };
    }

    /// <summary>Gives a field that is null the first value of its alternatives. Doing it again changes nothing.
    /// </summary>
    internal void Complete(EventRecord into)
    {
        foreach ((int field, int[] others) in _alternatives)
        {
            foreach (int other in others)
            {
                if (!into.Fields[field].IsNull)
                {
                    break;
                }

                into.Fields[field] = into.Fields[other];
            }
        }
    }

    // A null key, which an event of several entities may have, is a scope like others.
    private static ulong HashOf(in Value value) => value.Kind switch
    {
        ValueKind.Null => 0,
        ValueKind.String => StableHash.Of(value.Utf8),
        _ => StableHash.Of(value.Int64),
    };

    private DecodeError CheckKeys(EventRecord into, out int wrong)
    {
        bool any = Keys.Length == 0;
        foreach (int field in Keys)
        {
            ref readonly Value key = ref into.Fields[field];
            any |= !key.IsNull;
            if (key.Kind == ValueKind.String && key.Utf8.Length is 0 or > EntityKey.BytesMax)
            {
                wrong = field;
                return key.Utf8.Length == 0 ? DecodeError.EmptyKey : DecodeError.KeyTooLong;
            }
        }

        wrong = -1;
        if (!any)
        {
            return DecodeError.MissingKey;
        }

        // The field that partitions the topic need not be an entity's key; then an empty text means "no key".
        int partitioning = Definition.KeyField;
        if (partitioning >= 0 && into.Fields[partitioning].Utf8.Length > EntityKey.BytesMax)
        {
            wrong = partitioning;
            return DecodeError.KeyTooLong;
        }

        return DecodeError.None;
    }

    private DecodeError CheckTime(EventRecord into, out int field, out DecodeHint hint)
    {
        field = Definition.TimestampField;
        hint = DecodeHint.None;
        if (field >= 0)
        {
            Value value = into.Fields[field];
            if (value.IsNull)
            {
                return DecodeError.MissingTimestamp;
            }

            if (!EventTime.TryRead(value, Definition.Fields[field].Unit, out long timeMs, out hint))
            {
                return DecodeError.BadTimestamp;
            }

            into.EventTimeMs = timeMs;
        }

        return into.EventTimeMs - Definition.FutureMsMax > into.LogTimeMs
            ? DecodeError.TooFarInFuture
            : DecodeError.None;
    }
}
