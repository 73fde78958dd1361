using System.Globalization;

namespace ContextGrid.Adapters.SchemaRegistry.Protobuf;

/// <summary>Reads the numbers and escapes that .proto files and descriptors have.</summary>
internal static class ProtoNumbers
{
    /// <summary>Reads a decimal, hexadecimal (0x) or octal (0) integer without a sign.</summary>
    /// <returns>False when it is none, or larger than 64 bits.</returns>
    internal static bool TryInteger(string digits, out ulong value)
    {
        bool isHex = digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        int radix = isHex ? 16 : digits.Length > 1 && digits[0] == '0' ? 8 : 10;
        ReadOnlySpan<char> rest = digits.AsSpan(isHex ? 2 : 0);
        value = 0;
        foreach (char c in rest)
        {
            int digit = DigitOf(c);
            UInt128 next = (UInt128)value * (uint)radix + (uint)digit;
            if (digit >= radix || next > ulong.MaxValue)
            {
                return false;
            }

            value = (ulong)next;
        }

        return rest.Length > 0;
    }

    /// <summary>Reads a number without a sign as a double: an integer in any spelling, a float also with the suffix f,
    /// inf or nan.</summary>
    internal static bool TryDouble(string text, out double value)
    {
        if (text.Equals("inf", StringComparison.OrdinalIgnoreCase)
            || text.Equals("infinity", StringComparison.OrdinalIgnoreCase))
        {
            value = double.PositiveInfinity;
            return true;
        }

        if (text.Equals("nan", StringComparison.OrdinalIgnoreCase))
        {
            value = double.NaN;
            return true;
        }

        if (TryInteger(text, out ulong integer))
        {
            value = integer;
            return true;
        }

        bool isHex = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        const NumberStyles Style = NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        return double.TryParse(
            isHex ? text : text.TrimEnd('f', 'F'), Style, CultureInfo.InvariantCulture, out value);
    }

    /// <summary>The value of a digit of any radix up to 16; more than any of them for another character.</summary>
    internal static int DigitOf(char c) => c switch
    {
        >= '0' and <= '9' => c - '0',
        >= 'a' and <= 'f' => c - 'a' + 10,
        >= 'A' and <= 'F' => c - 'A' + 10,
        _ => int.MaxValue,
    };

    /// <summary>The character of an escape with one letter; itself for others.</summary>
    internal static char Unescape(char c) => c switch
    {
        'a' => '\a',
        'b' => '\b',
        'f' => '\f',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\v',
        _ => c,
    };
}
