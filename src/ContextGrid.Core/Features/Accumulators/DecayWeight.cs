namespace ContextGrid.Core.Features.Accumulators;

/// <summary>
/// 2^x for x in [0, 1), by a table of 32 and a polynomial, with the basic operations and the square root of IEEE 754
/// only; so that every machine computes the same weight. Relative error below 2^−50.
/// </summary>
internal static class DecayWeight
{
    private const int Steps = 32;
    private const double Ln2 = 0.69314718055994530942;

    private static readonly double[] Table = MakeTable();

    /// <summary>The mantissa of the weight, 2^52 to 2^53 − 1, for a fraction in [0, 1) of a half-life.</summary>
    public static ulong MantissaOf(double fraction)
    {
        int index = Math.Min((int)(fraction * Steps), Steps - 1);
        double y = (fraction - index * (1.0 / Steps)) * Ln2;
        double tail = 1.0 / 120 + y * (1.0 / 720 + y * (1.0 / 5040));
        double power = 1 + y * (1 + y * (1.0 / 2 + y * (1.0 / 6 + y * (1.0 / 24 + y * tail))));
        double weight = Table[index] * power;
        return Math.Min((ulong)(weight * (1L << 52)), (1UL << 53) - 1);
    }

    private static double[] MakeTable()
    {
        var table = new double[Steps];
        Array.Fill(table, 1);
        double root = 2;
        for (int bit = Steps / 2; bit > 0; bit /= 2)
        {
            root = Math.Sqrt(root);
            for (int i = 0; i < Steps; i++)
            {
                table[i] *= (i & bit) != 0 ? root : 1;
            }
        }

        return table;
    }
}
