using ContextGrid.Contracts.V1;

namespace ContextGrid.Client;

/// <summary>A value of one of the kinds that features have. Immutable.</summary>
public sealed class ContextValue
{
    private readonly Value _value;

    private ContextValue(Value value) => _value = value;

    /// <summary>Which kind the value has.</summary>
    public ContextValueKind Kind => (ContextValueKind)_value.KindCase;

    /// <summary>The value as a double; an integer is converted.</summary>
    /// <exception cref="InvalidOperationException">It is no number.</exception>
    public double AsDouble => Kind switch
    {
        ContextValueKind.Double => _value.DoubleValue,
        ContextValueKind.Int64 => _value.Int64Value,
        _ => throw Wrong("a number"),
    };

    /// <summary>The value as a 64-bit integer.</summary>
    /// <exception cref="InvalidOperationException">It is no integer.</exception>
    public long AsInt64 => Kind == ContextValueKind.Int64 ? _value.Int64Value : throw Wrong("an integer");

    /// <summary>The value as text.</summary>
    /// <exception cref="InvalidOperationException">It is no text.</exception>
    public string AsString => Kind == ContextValueKind.String ? _value.StringValue : throw Wrong("text");

    /// <summary>The value as a boolean.</summary>
    /// <exception cref="InvalidOperationException">It is no boolean.</exception>
    public bool AsBoolean => Kind == ContextValueKind.Boolean ? _value.BoolValue : throw Wrong("a boolean");

    /// <summary>The value as a point in time, to the millisecond.</summary>
    /// <exception cref="InvalidOperationException">It is no time.</exception>
    public DateTimeOffset AsTimestamp => Kind == ContextValueKind.Timestamp
        ? DateTimeOffset.FromUnixTimeMilliseconds(_value.TimestampMs)
        : throw Wrong("a time");

    /// <summary>The value as a list, in the order that its aggregate documents; an item may be null.</summary>
    /// <exception cref="InvalidOperationException">It is no list.</exception>
    public IReadOnlyList<ContextValue?> AsList => Kind == ContextValueKind.List
        ? Array.ConvertAll([.. _value.ListValue.Items], From)
        : throw Wrong("a list");

    /// <summary>The values by category, in the order of the ranking.</summary>
    /// <exception cref="InvalidOperationException">It is not by category.</exception>
    public IReadOnlyList<KeyValuePair<ContextValue, ContextValue?>> AsMap
    {
        get
        {
            if (Kind != ContextValueKind.Map)
                throw Wrong("by category");
            var map = new List<KeyValuePair<ContextValue, ContextValue?>>(_value.MapValue.Entries.Count);
            foreach (var entry in _value.MapValue.Entries)
                map.Add(new(new ContextValue(entry.Key), From(entry.Value)));
            return map;
        }
    }

    /// <summary>The value as a plain object: bool, long, double, string, DateTimeOffset, or a list of these.</summary>
    public object AsObject => Kind switch
    {
        ContextValueKind.Boolean => AsBoolean,
        ContextValueKind.Int64 => AsInt64,
        ContextValueKind.Double => AsDouble,
        ContextValueKind.String => AsString,
        ContextValueKind.Timestamp => AsTimestamp,
        ContextValueKind.List => AsList,
        _ => AsMap,
    };

    internal static ContextValue? From(Value? value) =>
        value is null || value.KindCase == Value.KindOneofCase.None ? null : new ContextValue(value);

    private InvalidOperationException Wrong(string meant) =>
        new($"The value is of kind {Kind}, not {meant}; ask Kind before.");
}

/// <summary>The kinds of values, as numbered in the contract.</summary>
public enum ContextValueKind
{
    /// <summary>A boolean.</summary>
    Boolean = Value.KindOneofCase.BoolValue,

    /// <summary>A 64-bit integer.</summary>
    Int64 = Value.KindOneofCase.Int64Value,

    /// <summary>A finite double.</summary>
    Double = Value.KindOneofCase.DoubleValue,

    /// <summary>Text.</summary>
    String = Value.KindOneofCase.StringValue,

    /// <summary>A point in time.</summary>
    Timestamp = Value.KindOneofCase.TimestampMs,

    /// <summary>A list.</summary>
    List = Value.KindOneofCase.ListValue,

    /// <summary>Values by category.</summary>
    Map = Value.KindOneofCase.MapValue,
}
