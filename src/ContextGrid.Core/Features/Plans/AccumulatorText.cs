using System.Collections.Immutable;
using System.Globalization;
using ContextGrid.Core.Expressions;
using ContextGrid.Core.Model;

namespace ContextGrid.Core.Features.Plans;

/// <summary>The text of an accumulator: what it keeps, over which expression.</summary>
public static class AccumulatorText
{
    /// <summary>Prints a spec such as <c>sum(amount)</c> or <c>latest(country, 3)</c>.</summary>
    /// <param name="spec">What is kept.</param>
    /// <param name="columns">The columns that the spec's indexes mean.</param>
    public static string Print(AccumulatorSpec spec, ImmutableArray<Expression> columns)
    {
        ArgumentNullException.ThrowIfNull(spec);
        string input = spec.Column < 0 ? "" : columns[spec.Column].ToString();
        string n = spec.N.ToString(CultureInfo.InvariantCulture);
        return spec.Kind switch
        {
            AccumulatorKind.Count => $"count({input})",
            AccumulatorKind.PowerSum when spec.N == 1 => $"sum({input})",
            AccumulatorKind.PowerSum => $"sum(({input})^{n})",
            AccumulatorKind.Min => $"min({input})",
            AccumulatorKind.Max => $"max({input})",
            AccumulatorKind.Earliest => $"earliest({input}, {n})",
            AccumulatorKind.Latest => $"latest({input}, {n})",
            AccumulatorKind.MinBy => $"min_by({input}, {columns[spec.OrderColumn]})",
            AccumulatorKind.MaxBy => $"max_by({input}, {columns[spec.OrderColumn]})",
            AccumulatorKind.Distinct => $"distinct({input})",
            AccumulatorKind.DistinctExact => $"distinct_exact({input})",
            AccumulatorKind.Quantile => $"quantile sketch({input})",
            AccumulatorKind.Histogram =>
                $"histogram({input}, {spec.EdgesText.Replace(",", ", ", StringComparison.Ordinal)})",
            AccumulatorKind.Largest => $"largest({input}, {n})",
            AccumulatorKind.Smallest => $"smallest({input}, {n})",
            AccumulatorKind.Frequent => $"frequencies({input})",
            AccumulatorKind.DecayedMean => $"decayed mean({input}, {DurationText.Print(spec.HalfLifeMs)})",
            AccumulatorKind.RecentUnique => $"recent unique({input}, {n})",
            AccumulatorKind.NewestTime => "newest time()",
            _ => throw new ArgumentException($"No accumulator is of kind {spec.Kind}.", nameof(spec)),
        };
    }
}
