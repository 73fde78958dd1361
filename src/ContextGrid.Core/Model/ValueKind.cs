namespace ContextGrid.Core.Model;

/// <summary>The type of a <see cref="Value"/>; also the static type of a field, an expression or a feature.</summary>
public enum ValueKind : byte
{
    /// <summary>No value. As a static type: the type of the literal <c>null</c>, which fits every other type.</summary>
    Null = 0,

    /// <summary>True or false.</summary>
    Bool = 1,

    /// <summary>A signed 64-bit integer.</summary>
    Int64 = 2,

    /// <summary>A finite IEEE 754 double: never NaN or infinite.</summary>
    Double = 3,

    /// <summary>UTF-8 text, well formed.</summary>
    String = 4,

    /// <summary>A point in time: milliseconds since 1970-01-01T00:00:00Z, signed 64 bits.</summary>
    Timestamp = 5,

    /// <summary>An ordered list of values, which are not lists themselves.</summary>
    List = 6,

    /// <summary>A map from category to value, ordered; only features with <c>by</c> have it.</summary>
    Map = 7,
}
