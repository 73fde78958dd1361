using System.Globalization;

namespace ContextGrid.Core.Expressions;

/// <summary>
/// Rounding as people do it: of the shortest decimal that names the double, which is also what answers show. So 2.675
/// to two digits is 2.68, although the double is a little below, and no digit appears that nobody wrote.
/// </summary>
internal static class DecimalRounding
{
    /// <summary>Doubles from here on are whole numbers.</summary>
    private const double WholeFrom = 1L << 53;

    /// <summary>
    /// A double's shortest decimal has at most 17 digits, so less than this many places leave nothing.
    /// </summary>
    private const int PlacesMax = 18;

    /// <summary>
    /// The double nearest to the shortest decimal of <paramref name="value"/>, rounded to so many decimal places,
    /// halves away from zero. No allocation.
    /// </summary>
    /// <param name="value">A finite number.</param>
    /// <param name="digits">0–15.</param>
    internal static double Round(double value, int digits)
    {
        double size = Math.Abs(value);
        if (!(size < WholeFrom))
        {
            return value;
        }

        (ulong mantissa, int exponent) = ShortestDecimal(size);
        int places = -exponent - digits;
        if (places <= 0)
        {
            return value;
        }

        if (places >= PlacesMax)
        {
            return 0;
        }

        ulong unit = 1;
        for (int i = 0; i < places; i++)
        {
            unit *= 10;
        }

        (ulong quotient, ulong rest) = Math.DivRem(mantissa, unit);
        quotient += rest >= unit - rest ? 1UL : 0;
        return Math.CopySign(OfDecimal(quotient, digits), value);
    }

    /// <summary>Mantissa and power of ten of the shortest decimal that is read back as the same double.</summary>
    private static (ulong Mantissa, int Exponent) ShortestDecimal(double size)
    {
        Span<byte> text = stackalloc byte[32];
        size.TryFormat(text, out int length, "R", CultureInfo.InvariantCulture);
        ulong mantissa = 0;
        int exponent = 0, scientific = 0;
        bool afterPoint = false;
        for (int i = 0; i < length; i++)
        {
            byte b = text[i];
            if (b == (byte)'.')
            {
                afterPoint = true;
            }
            else if (b == (byte)'E')
            {
                scientific = int.Parse(
                    text[(i + 1)..length], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
                break;
            }
            else
            {
                mantissa = (mantissa * 10) + (uint)(b - '0');
                exponent -= afterPoint ? 1 : 0;
            }
        }

        return (mantissa, exponent + scientific);
    }

    /// <summary>The double nearest to mantissa · 10^−digits.</summary>
    private static double OfDecimal(ulong mantissa, int digits)
    {
        if (mantissa <= 1UL << 53)
        {
            // Both are exact doubles, so the quotient is rounded once.
            double power = 1;
            for (int i = 0; i < digits; i++)
            {
                power *= 10;
            }

            return mantissa / power;
        }

        Span<byte> text = stackalloc byte[32];
        mantissa.TryFormat(text, out int length, default, CultureInfo.InvariantCulture);
        text[length++] = (byte)'E';
        (-digits).TryFormat(text[length..], out int more, default, CultureInfo.InvariantCulture);
        return double.Parse(text[..(length + more)], NumberStyles.Float, CultureInfo.InvariantCulture);
    }
}
