namespace ContextGrid.Core.Features.Accumulators;

/// <summary>
/// The bucket boundaries of a DDSketch with 1 % relative accuracy (Masson, Rim and Lee, "DDSketch", VLDB 2019) by its
/// cubically interpolated logarithm: the exponent plus a cubic of the significand, from the double's bits, with the
/// four basic operations of IEEE 754 only; so that every machine computes the same bucket.
/// </summary>
/// <remarks>
/// With s in [0, 1) the significand less one, the bucket is ⌊35·exponent + ((6s − 21)s + 50)s⌋. The slope of the cubic
/// with respect to ln x is at least 50 (at s = 0); so a bucket spans at most 1/50 in ln x, and the harmonic mean of
/// its ends is within tanh(1/100) &lt; 1 % of everything in it. There are 35 buckets for each power of two.
/// Keys are ordered as the numbers are: negative below 0, zero is 0, positive above.
/// </remarks>
internal static class QuantileBuckets
{
    /// <summary>The largest magnitude of a key.</summary>
    public const int KeyMax = 2 * Zero;

    private const int PerOctave = 35;

    /// <summary>
    /// Keys of positive numbers are their bucket plus this, which is more than the lowest bucket's −37,590.
    /// </summary>
    private const int Zero = 38_000;

    /// <summary>The significands at which the buckets of an octave begin, and 2.</summary>
    private static readonly double[] Bounds = MakeBounds();

    /// <summary>The key of the bucket of a finite number.</summary>
    public static int KeyOf(double value)
    {
        double magnitude = Math.Abs(value);
        if (magnitude == 0)
        {
            return 0;
        }

        int exponent = 0;
        if (magnitude < 2.2250738585072014e-308)
        {
            magnitude *= 18014398509481984.0; // 2^54 makes a subnormal number normal.
            exponent = -54;
        }

        long bits = BitConverter.DoubleToInt64Bits(magnitude);
        exponent += (int)(bits >> 52) - 1023;
        double s = BitConverter.Int64BitsToDouble((bits & 0xF_FFFF_FFFF_FFFF) | 0x3FF0_0000_0000_0000) - 1;
        int key = PerOctave * exponent + Cubic(s) + Zero;
        return value < 0 ? -key : key;
    }

    /// <summary>A number within 1 % of every number whose key this is.</summary>
    public static double ValueOf(int key)
    {
        if (key == 0)
        {
            return 0;
        }

        int bucket = Math.Abs(key) - Zero;
        int exponent = (int)Math.Floor(bucket / (double)PerOctave);
        int index = bucket - PerOctave * exponent;
        double low = Bounds[index], high = Bounds[index + 1];
        double value = Math.ScaleB(2 * low * high / (low + high), exponent);
        return key < 0 ? -value : value;
    }

    private static int Cubic(double s) => (int)(((6 * s - 21) * s + 50) * s);

    private static double[] MakeBounds()
    {
        var bounds = new double[PerOctave + 1];
        for (int i = 0; i <= PerOctave; i++)
        {
            double low = 0, high = 1;
            for (int step = 0; step < 60; step++)
            {
                double middle = (low + high) / 2;
                bool below = Cubic(middle) < i;
                low = below ? middle : low;
                high = below ? high : middle;
            }

            bounds[i] = 1 + (i == 0 ? 0 : high);
        }

        return bounds;
    }
}
