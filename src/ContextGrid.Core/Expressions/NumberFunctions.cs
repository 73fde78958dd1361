using ContextGrid.Core.Model;

namespace ContextGrid.Core.Expressions;

/// <summary>Functions of numbers, and the hash bucket.</summary>
internal static class NumberFunctions
{
    /// <summary>The amount without its sign; null for the smallest Int64.</summary>
    internal static Value Abs(in Value value) => value.Kind switch
    {
        ValueKind.Double => Value.Of(Math.Abs(value.Double)),
        _ => value.Int64 == long.MinValue ? Value.Null : Value.Of(Math.Abs(value.Int64)),
    };

    /// <summary>
    /// The shortest decimal of the number, rounded to so many places, 0–15; halves away from zero. An Int64 stays as it
    /// is.
    /// </summary>
    internal static Value Round(in Value value, int digits) =>
        value.Kind == ValueKind.Double ? Value.Of(DecimalRounding.Round(value.Double, digits)) : value;

    /// <summary>
    /// <see cref="StableHash"/> of the value, modulo <paramref name="buckets"/>: of a text its UTF-8 bytes, of a
    /// Double its IEEE 754 bits, of every other type its Int64. Null unless there is at least one bucket.
    /// </summary>
    internal static Value HashBucket(in Value value, long buckets)
    {
        if (buckets < 1)
        {
            return Value.Null;
        }

        ulong hash = value.Kind switch
        {
            ValueKind.String => StableHash.Of(value.Utf8),
            ValueKind.Double => StableHash.Of(BitConverter.DoubleToInt64Bits(value.Double)),
            _ => StableHash.Of(value.Int64),
        };
        return Value.Of((long)(hash % (ulong)buckets));
    }
}
