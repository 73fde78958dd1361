using System.Globalization;

namespace ContextGrid.Server;

/// <summary>Sizes on the command line: <c>512MB</c>, <c>2GB</c>, <c>1.5GiB</c>. MB and MiB are both 2^20
/// bytes.</summary>
internal static class ByteSize
{
    private const string Letters = "KMGT";

    /// <summary>The bytes of a size.</summary>
    /// <param name="text">A number, and B, KB, MB, GB or TB, with or without an i; without a unit it is bytes.</param>
    /// <returns>Null when it is no size, or larger than any memory.</returns>
    internal static long? Of(string? text)
    {
        int digits = text.AsSpan().TrimEnd("KMGTIBkmgtib").Length;
        bool isNumber = double.TryParse(
            text.AsSpan(0, digits), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number);
        ReadOnlySpan<char> unit = text.AsSpan(digits);
        int power = unit.IsEmpty ? 0 : Letters.IndexOf(char.ToUpperInvariant(unit[0]), StringComparison.Ordinal) + 1;
        bool isUnit = unit.Length == 0 || (power == 0 && unit.Equals("b", StringComparison.OrdinalIgnoreCase))
            || (power > 0 && unit[1..] is "" or "b" or "B" or "ib" or "iB" or "IB");
        double bytes = number * Math.Pow(1024, power);
        return isNumber && isUnit && bytes < long.MaxValue / 4.0 ? (long)bytes : null;
    }
}
