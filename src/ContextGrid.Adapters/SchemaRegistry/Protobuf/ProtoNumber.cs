using System.Globalization;

namespace ContextGrid.Adapters.SchemaRegistry.Protobuf;

/// <summary>Reads the integers of .proto files: decimal, hexadecimal and octal.</summary>
internal static class ProtoNumber
{
    /// <summary>Reads the digits of a number of 32 bits.</summary>
    /// <returns>False when they are none, or the number does not fit.</returns>
    internal static bool TryRead(string digits, bool negative, out int number)
    {
        bool isHex = digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        bool isOctal = !isHex && digits.Length > 1 && digits[0] == '0';
        long value = 0;
        bool good = isOctal
            ? TryOctal(digits, out value)
            : long.TryParse(
                isHex ? digits[2..] : digits,
                isHex ? NumberStyles.HexNumber : NumberStyles.None,
                CultureInfo.InvariantCulture,
                out value);
        value = negative ? -value : value;
        number = (int)Math.Clamp(value, int.MinValue, int.MaxValue);
        return good && number == value;
    }

    private static bool TryOctal(string digits, out long value)
    {
        value = 0;
        foreach (char c in digits)
        {
            value = value * 8 + (c - '0');
            if (c is < '0' or > '7' || value > uint.MaxValue)
            {
                return false;
            }
        }

        return true;
    }
}
