using System.Collections.Immutable;
using System.Globalization;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Model;

namespace ContextGrid.Core.Features.Accumulators;

/// <summary>Which state each aggregate needs.</summary>
public static class AggregateState
{
    /// <summary>
    /// The specs whose accumulators <see cref="AggregateResult.Compute"/> takes, in that order; empty for since_last,
    /// which needs only the time of the newest event.
    /// </summary>
    /// <param name="call">The aggregate.</param>
    /// <param name="inputColumn">The plan's column of its input; −1 without input.</param>
    /// <param name="inputKind">The input's static type; Null without input.</param>
    /// <param name="orderColumn">The column of the second expression of min_by and max_by; else −1.</param>
    public static ImmutableArray<AccumulatorSpec> Required(
        AggregateCall call, int inputColumn, ValueKind inputKind, int orderColumn)
    {
        var count = new AccumulatorSpec(AccumulatorKind.Count, inputColumn, inputKind);
        AccumulatorSpec Of(AccumulatorKind kind, int n = 0) => new(kind, inputColumn, inputKind, N: n);
        AccumulatorSpec Sum(int power) => Of(AccumulatorKind.PowerSum, power);
        return call.Kind switch
        {
            AggregateKind.Count => [count],
            AggregateKind.Rate when call.Input is null => [count],
            AggregateKind.Rate or AggregateKind.Sum => [Sum(1)],
            AggregateKind.Min => [Of(AccumulatorKind.Min)],
            AggregateKind.Max => [Of(AccumulatorKind.Max)],
            AggregateKind.Avg => [count, Sum(1)],
            AggregateKind.Variance or AggregateKind.Stddev => [count, Sum(1), Sum(2)],
            AggregateKind.Skew => [count, Sum(1), Sum(2), Sum(3)],
            AggregateKind.Kurtosis => [count, Sum(1), Sum(2), Sum(3), Sum(4)],
            AggregateKind.First => [Of(AccumulatorKind.Earliest, 1)],
            AggregateKind.Last => [Of(AccumulatorKind.Latest, 1)],
            AggregateKind.FirstN => [Of(AccumulatorKind.Earliest, call.N)],
            AggregateKind.LastN => [Of(AccumulatorKind.Latest, call.N)],
            AggregateKind.MinBy => [Of(AccumulatorKind.MinBy) with { OrderColumn = orderColumn }],
            AggregateKind.MaxBy => [Of(AccumulatorKind.MaxBy) with { OrderColumn = orderColumn }],
            AggregateKind.Distinct => [Of(AccumulatorKind.Distinct)],
            AggregateKind.DistinctExact => [Of(AccumulatorKind.DistinctExact)],
            AggregateKind.Quantile => [Of(AccumulatorKind.Quantile)],
            AggregateKind.Histogram => [Of(AccumulatorKind.Histogram) with { EdgesText = EdgesText(call.Edges) }],
            AggregateKind.TopK => [Of(AccumulatorKind.Largest, call.N)],
            AggregateKind.BottomK => [Of(AccumulatorKind.Smallest, call.N)],
            AggregateKind.MostFrequent => [Of(AccumulatorKind.Frequent)],
            AggregateKind.Ewma => [Of(AccumulatorKind.DecayedMean) with { HalfLifeMs = call.HalfLifeMs }],
            AggregateKind.UniqueList => [Of(AccumulatorKind.RecentUnique, call.N)],
            AggregateKind.SinceLast => [],
            AggregateKind.Delta => [Of(AccumulatorKind.Earliest, 1), Of(AccumulatorKind.Latest, 1)],
            _ => throw new ArgumentException($"No aggregate is of kind {call.Kind}.", nameof(call)),
        };
    }

    private static string EdgesText(ImmutableArray<double> edges) =>
        string.Join(',', edges.Select(edge => edge.ToString("R", CultureInfo.InvariantCulture)));
}
