using ContextGrid.Core.Model;

namespace ContextGrid.Core.Expressions;

/// <summary>
/// How expressions compare values: numbers by size, texts by their UTF-8 bytes, timestamps by time. Unlike
/// <see cref="ValueOrder"/>, by which state is ordered, an Int64 and a Double compare as doubles, as documented.
/// </summary>
internal static class OperandOrder
{
    /// <summary>Negative, zero or positive. Both values are non-null and of comparable types.</summary>
    internal static int Compare(in Value left, in Value right)
    {
        if (left.Kind == ValueKind.String)
        {
            return left.Utf8.SequenceCompareTo(right.Utf8);
        }

        // An Int64 against a Double compares as doubles, so beyond 2^53 neighbours are equal.
        return left.Kind == ValueKind.Double || right.Kind == ValueKind.Double
            ? left.ToDouble().CompareTo(right.ToDouble())
            : left.Int64.CompareTo(right.Int64);
    }

    /// <summary>Whether two non-null values are of comparable types and equal.</summary>
    internal static bool AreEqual(in Value left, in Value right) =>
        AreComparable(left.Kind, right.Kind) && Compare(left, right) == 0;

    /// <summary>Whether values of the types have an order among each other.</summary>
    internal static bool AreComparable(ValueKind left, ValueKind right) =>
        (left == right && left is >= ValueKind.Bool and <= ValueKind.Timestamp) || (IsNumber(left) && IsNumber(right));

    /// <summary>Whether the type is Int64 or Double.</summary>
    internal static bool IsNumber(ValueKind kind) => kind is ValueKind.Int64 or ValueKind.Double;
}
