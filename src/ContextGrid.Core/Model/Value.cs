using System.Text;

namespace ContextGrid.Core.Model;

/// <summary>
/// One dynamically typed value. A small immutable struct: numbers are held inline; text is a slice of a byte array that
/// somebody else owns, so a value with text is valid only as long as that buffer is (an event's record, a query's
/// scratch). <c>default</c> is null.
/// </summary>
public readonly struct Value
{
    private readonly object? _reference;
    private readonly long _bits;
    private readonly int _start;
    private readonly int _length;

    private Value(ValueKind kind, long bits, object? reference = null, int start = 0, int length = 0)
    {
        Kind = kind;
        _bits = bits;
        _reference = reference;
        _start = start;
        _length = length;
    }

    /// <summary>The null value.</summary>
    public static Value Null => default;

    /// <summary>What the value is; <see cref="ValueKind.Null"/> for null.</summary>
    public ValueKind Kind { get; }

    /// <summary>Whether this is null.</summary>
    public bool IsNull => Kind == ValueKind.Null;

    /// <summary>The integer of an Int64, the milliseconds of a Timestamp, 0 or 1 of a Bool.</summary>
    public long Int64 => _bits;

    /// <summary>
    /// The number of a Double. For any other kind the result has no meaning; see <see cref="ToDouble"/>.
    /// </summary>
    public double Double => BitConverter.Int64BitsToDouble(_bits);

    /// <summary>Whether a Bool is true.</summary>
    public bool Bool => _bits != 0;

    /// <summary>The text of a String as UTF-8; empty for other kinds. Valid while the owner's buffer is.</summary>
    public ReadOnlySpan<byte> Utf8 => Kind == ValueKind.String
        ? ((byte[])_reference!).AsSpan(_start, _length) // A String always has bytes.
        : default;

    /// <summary>The items of a List, or of a Map as key, value, key, value …; empty for other kinds.</summary>
    public ReadOnlySpan<Value> Items =>
        Kind is ValueKind.List or ValueKind.Map ? ((Value[])_reference!).AsSpan(_start, _length) : default; // As above.

    /// <summary>A Bool.</summary>
    public static Value Of(bool value) => new(ValueKind.Bool, value ? 1 : 0);

    /// <summary>An Int64.</summary>
    public static Value Of(long value) => new(ValueKind.Int64, value);

    /// <summary>A Double, or null when the number is NaN or infinite. Negative zero becomes zero.</summary>
    public static Value Of(double value) =>
        double.IsFinite(value) ? new(ValueKind.Double, BitConverter.DoubleToInt64Bits(value + 0.0)) : default;

    /// <summary>A Timestamp from milliseconds since the Unix epoch.</summary>
    public static Value Timestamp(long milliseconds) => new(ValueKind.Timestamp, milliseconds);

    /// <summary>A String over a slice of <paramref name="utf8"/>, which the caller keeps unchanged.</summary>
    public static Value Text(byte[] utf8, int start, int length) => new(ValueKind.String, 0, utf8, start, length);

    /// <summary>A String with bytes of its own. Allocates.</summary>
    public static Value Text(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        return Text(bytes, 0, bytes.Length);
    }

    /// <summary>A List over a slice of <paramref name="items"/>, which the caller keeps unchanged.</summary>
    public static Value List(Value[] items, int start, int count) => new(ValueKind.List, 0, items, start, count);

    /// <summary>
    /// A Map over key, value, key, value … of <paramref name="items"/>; <paramref name="count"/> counts both.
    /// </summary>
    public static Value Map(Value[] items, int start, int count) => new(ValueKind.Map, 0, items, start, count);

    /// <summary>The 64 bits of a Bool, Int64, Double or Timestamp.</summary>
    internal long Bits => _bits;

    /// <summary>A value of an inline kind from <see cref="Bits"/>.</summary>
    internal static Value FromBits(ValueKind kind, long bits) => new(kind, bits);

    /// <summary>The number of an Int64, Double, Timestamp (milliseconds) or Bool (0 or 1); 0 for other kinds.</summary>
    public double ToDouble() => Kind switch
    {
        ValueKind.Double => Double,
        ValueKind.Int64 or ValueKind.Timestamp or ValueKind.Bool => _bits,
        _ => 0,
    };

    /// <summary>A readable form for messages and tests, culture-independent. Allocates.</summary>
    public override string ToString() => ValueText.Format(this);
}
