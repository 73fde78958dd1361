using System.Text;

namespace ContextGrid.TestKit.Oracle;

/// <summary>Order and equality of plain values: numbers by value, texts by UTF-8 bytes, false before true.</summary>
public sealed class OracleOrder : IComparer<object>, IEqualityComparer<object>
{
    /// <summary>The one instance.</summary>
    public static OracleOrder Instance { get; } = new();

    /// <inheritdoc/>
    public int Compare(object? x, object? y) => (x, y) switch
    {
        (string a, string b) => Encoding.UTF8.GetBytes(a).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(b)),
        (long a, long b) => a.CompareTo(b),
        (bool a, bool b) => a.CompareTo(b),
        (OracleTime a, OracleTime b) => a.CompareTo(b),
        (double a, double b) => a.CompareTo(b),
        (double or long, double or long) => (ExactNumber.Of(x) - ExactNumber.Of(y)).Sign,
        _ => throw new InvalidOperationException($"The oracle can't compare {x} with {y}."),
    };

    /// <summary>Values of different types are never equal; a null is equal to a null.</summary>
    public new bool Equals(object? x, object? y) =>
        x is null || y is null ? x is null && y is null : x.GetType() == y.GetType() && Compare(x, y) == 0;

    /// <inheritdoc/>
    public int GetHashCode(object obj) => obj is double d ? (d + 0.0).GetHashCode() : obj.GetHashCode();

    /// <summary>The number of a long or a double.</summary>
    public static double Number(object? value) => value switch
    {
        long integer => integer,
        double number => number,
        _ => throw new InvalidOperationException($"{value} is no number."),
    };
}
