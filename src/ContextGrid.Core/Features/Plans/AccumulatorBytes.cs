using System.Numerics;
using ContextGrid.Core.Features.Accumulators;
using ContextGrid.Core.Model;

namespace ContextGrid.Core.Features.Plans;

/// <summary>
/// How much memory an accumulator takes: an estimate for a 64-bit process, objects and arrays with their headers, texts
/// of 12 bytes. A test holds it within half of what the runtime measures.
/// </summary>
public static class AccumulatorBytes
{
    private const int HeaderBytes = 16;
    private const int ArrayBytes = 24;
    private const int TextArrayBytes = 40;
    private const int KeptValueBytes = 24;
    private const int KeptRowBytes = 48;
    private const int SumBytes = 64;

    private const long DistinctMax = 128;
    private const long SketchBytes = 4_096;
    private const long DistinctExactMax = 65_536;
    private const long BucketsMax = 4_097;

    /// <summary>The bytes of an accumulator that has taken in so many different values.</summary>
    /// <param name="spec">What it keeps.</param>
    /// <param name="values">How many, at least 0; <see cref="long.MaxValue"/> gives the most that it can take.</param>
    public static long Of(AccumulatorSpec spec, long values)
    {
        ArgumentNullException.ThrowIfNull(spec);
        long text = spec.InputKind == ValueKind.String && values > 0 ? TextArrayBytes : 0;
        return spec.Kind switch
        {
            AccumulatorKind.Count or AccumulatorKind.NewestTime => HeaderBytes + 16,
            AccumulatorKind.PowerSum when spec.N == 1 && spec.InputKind == ValueKind.Int64 => HeaderBytes + 24,
            AccumulatorKind.PowerSum => HeaderBytes + SumBytes + 16,
            AccumulatorKind.Min or AccumulatorKind.Max => HeaderBytes + 32 + text,
            AccumulatorKind.Earliest or AccumulatorKind.Latest when spec.N <= 1 =>
                HeaderBytes + KeptRowBytes + 16 + text,
            AccumulatorKind.MinBy or AccumulatorKind.MaxBy =>
                HeaderBytes + KeptRowBytes + KeptValueBytes + 16 + text,
            AccumulatorKind.Earliest or AccumulatorKind.Latest or AccumulatorKind.RecentUnique =>
                HeaderBytes + 32 + List(values, spec.N, KeptRowBytes, text),
            AccumulatorKind.Largest or AccumulatorKind.Smallest =>
                HeaderBytes + 32 + List(values, spec.N, KeptValueBytes, text),
            AccumulatorKind.Frequent =>
                HeaderBytes + 40 + List(values, CounterList.CountMax, KeptValueBytes + 24, text)
                + (values > CounterList.CountMax ? ArrayBytes + (sizeof(long) * CountSketch.Length) : 0),
            AccumulatorKind.Distinct => HeaderBytes + 32
                + (values > DistinctMax ? ArrayBytes + SketchBytes : List(values, DistinctMax, sizeof(ulong), 0)),
            AccumulatorKind.DistinctExact => HeaderBytes + 32 + Table(Math.Min(values, DistinctExactMax)),
            AccumulatorKind.Quantile => HeaderBytes + 72
                + List(values, QuantileAccumulator.ExactMax, sizeof(double), 0)
                + List(Math.Max(0, values - QuantileAccumulator.ExactMax), BucketsMax, sizeof(long), 0),
            AccumulatorKind.Histogram => HeaderBytes + 32
                + (values == 0 ? 0 : ArrayBytes + (sizeof(long) * (spec.EdgesText.Count(c => c == ',') + 2))),
            AccumulatorKind.DecayedMean => HeaderBytes + (2 * SumBytes) + 24,
            _ => throw new ArgumentException($"No accumulator is of kind {spec.Kind}.", nameof(spec)),
        };
    }

    // Lists grow by doubling, up to their cap; a quarter more slots than values is usual.
    private static long List(long values, long most, long itemBytes, long textBytes)
    {
        long count = Math.Min(values, most);
        long slots = count <= 2 ? count : Math.Min(most, count + (count / 4));
        return count == 0 ? 0 : ArrayBytes + (slots * itemBytes) + (count * textBytes);
    }

    // An open-addressing table is between a quarter and three quarters full.
    private static long Table(long values) => values == 0
        ? 0
        : ArrayBytes + (sizeof(ulong) * (long)BitOperations.RoundUpToPowerOf2((ulong)Math.Max(8, values * 4 / 3)));
}
