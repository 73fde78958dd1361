namespace ContextGrid.Core.Model;

/// <summary>
/// A total order over values: nulls first, then by kind group (bool, numbers, texts, times), then by value.
/// </summary>
public static class ValueOrder
{
    /// <summary>
    /// Compares two values: less than 0, 0 or more than 0. Int64 and Double compare as exact numbers; texts by their
    /// UTF-8 bytes; lists and maps are all equal.
    /// </summary>
    public static int Compare(in Value a, in Value b)
    {
        int group = Group(a.Kind), other = Group(b.Kind);
        if (group != other)
        {
            return group.CompareTo(other);
        }

        return a.Kind switch
        {
            ValueKind.String => a.Utf8.SequenceCompareTo(b.Utf8),
            ValueKind.Bool or ValueKind.Timestamp => a.Int64.CompareTo(b.Int64),
            ValueKind.Int64 => b.Kind == ValueKind.Int64 ? a.Int64.CompareTo(b.Int64) : -Mixed(b.Double, a.Int64),
            ValueKind.Double => b.Kind == ValueKind.Double ? a.Double.CompareTo(b.Double) : Mixed(a.Double, b.Int64),
            _ => 0,
        };
    }

    // A double of at least 2^63 is above every int64; below that its whole part converts exactly.
    private static int Mixed(double number, long integer)
    {
        if (number >= 9223372036854775808.0 || number < -9223372036854775808.0)
        {
            return number > 0 ? 1 : -1;
        }

        double whole = Math.Floor(number);
        int order = ((long)whole).CompareTo(integer);
        return order != 0 ? order : number > whole ? 1 : 0;
    }

    private static int Group(ValueKind kind) => kind switch
    {
        ValueKind.Null => 0,
        ValueKind.Bool => 1,
        ValueKind.Int64 or ValueKind.Double => 2,
        ValueKind.String => 3,
        ValueKind.Timestamp => 4,
        _ => 5,
    };
}
