using ContextGrid.Core.Model;

namespace ContextGrid.Core.Features.Accumulators;

/// <summary>Makes the state for a spec.</summary>
public static class AccumulatorFactory
{
    /// <summary>An empty accumulator. Thread-safe.</summary>
    /// <exception cref="ArgumentException">The spec's kind is unknown.</exception>
    public static Accumulator Create(AccumulatorSpec spec)
    {
        bool isText = spec.InputKind == ValueKind.String;
        return spec.Kind switch
        {
            AccumulatorKind.Count => new CountAccumulator(spec.Column),
            AccumulatorKind.PowerSum when spec.N == 1 && spec.InputKind == ValueKind.Int64 =>
                new IntegerSumAccumulator(spec.Column),
            AccumulatorKind.PowerSum =>
                new PowerSumAccumulator(spec.Column, spec.InputKind == ValueKind.Int64, spec.N),
            AccumulatorKind.Min when isText => new TextExtremeAccumulator(spec.Column, largest: false),
            AccumulatorKind.Max when isText => new TextExtremeAccumulator(spec.Column, largest: true),
            AccumulatorKind.Min => new NumberExtremeAccumulator(spec.Column, spec.InputKind, largest: false),
            AccumulatorKind.Max => new NumberExtremeAccumulator(spec.Column, spec.InputKind, largest: true),
            AccumulatorKind.Earliest when spec.N <= 1 => new EndAccumulator(spec.Column, spec.InputKind, latest: false),
            AccumulatorKind.Latest when spec.N <= 1 => new EndAccumulator(spec.Column, spec.InputKind, latest: true),
            AccumulatorKind.Earliest => new EndListAccumulator(spec.Column, spec.InputKind, spec.N, latest: false),
            AccumulatorKind.Latest => new EndListAccumulator(spec.Column, spec.InputKind, spec.N, latest: true),
            AccumulatorKind.MinBy =>
                new ExtremeByAccumulator(spec.Column, spec.InputKind, spec.OrderColumn, largest: false),
            AccumulatorKind.MaxBy =>
                new ExtremeByAccumulator(spec.Column, spec.InputKind, spec.OrderColumn, largest: true),
            AccumulatorKind.Distinct => new DistinctAccumulator(spec.Column),
            AccumulatorKind.DistinctExact => new DistinctExactAccumulator(spec.Column),
            AccumulatorKind.Quantile => new QuantileAccumulator(spec.Column),
            AccumulatorKind.Histogram => new HistogramAccumulator(spec.Column, spec.Edges),
            AccumulatorKind.Largest => new RankedAccumulator(spec.Column, spec.InputKind, spec.N, largest: true),
            AccumulatorKind.Smallest => new RankedAccumulator(spec.Column, spec.InputKind, spec.N, largest: false),
            AccumulatorKind.Frequent => new FrequentAccumulator(spec.Column, spec.InputKind),
            AccumulatorKind.DecayedMean => new DecayedMeanAccumulator(spec.Column, spec.HalfLifeMs),
            AccumulatorKind.RecentUnique => new RecentUniqueAccumulator(spec.Column, spec.InputKind, spec.N),
            AccumulatorKind.NewestTime => new NewestTimeAccumulator(),
            _ => throw new ArgumentException($"No accumulator is of kind {spec.Kind}.", nameof(spec)),
        };
    }
}
