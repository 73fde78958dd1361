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
            _ => throw new ArgumentException($"No accumulator is of kind {spec.Kind}.", nameof(spec)),
        };
    }
}
