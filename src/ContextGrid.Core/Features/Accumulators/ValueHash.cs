using ContextGrid.Core.Model;

namespace ContextGrid.Core.Features.Accumulators;

/// <summary>
/// The hash by which different values are told apart: of a text its UTF-8; of a whole number, whether integer or
/// double, the 64-bit integer; of any other double its bits.
/// </summary>
internal static class ValueHash
{
    /// <summary>The 64-bit hash of a non-null scalar.</summary>
    public static ulong Of(in Value value)
    {
        if (value.Kind == ValueKind.String)
        {
            return StableHash.Of(value.Utf8);
        }

        if (value.Kind == ValueKind.Double)
        {
            double number = value.Double;
            bool whole = Math.Abs(number) < 9e18 && number == Math.Truncate(number);
            return StableHash.Of(whole ? (long)number : value.Int64);
        }

        return StableHash.Of(value.Int64);
    }
}
