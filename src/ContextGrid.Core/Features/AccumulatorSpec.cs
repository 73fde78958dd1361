using System.Collections.Immutable;
using ContextGrid.Core.Features.Accumulators;
using ContextGrid.Core.Model;

namespace ContextGrid.Core.Features;

/// <summary>
/// Which piece of aggregate state to keep, over which column. Features whose aggregates need an equal spec over the
/// same events share one accumulator.
/// </summary>
/// <param name="Kind">The kind of state.</param>
/// <param name="Column">The input column; −1 where events are counted.</param>
/// <param name="InputKind">The column's static type; Null for −1.</param>
/// <param name="OrderColumn">The second column of MinBy and MaxBy; else −1.</param>
/// <param name="N">How many values are kept, or the power of a PowerSum (1–4); else 0.</param>
/// <param name="HalfLifeMs">The half-life of a DecayedMean in milliseconds; else 0.</param>
/// <param name="EdgesText">The edges of a Histogram, in round-trip form, joined by commas; else empty.</param>
public sealed record AccumulatorSpec(
    AccumulatorKind Kind,
    int Column,
    ValueKind InputKind,
    int OrderColumn = -1,
    int N = 0,
    long HalfLifeMs = 0,
    string EdgesText = "")
{
    /// <summary>The edges of a Histogram, in round-trip form, joined by commas; else empty.</summary>
    /// <exception cref="FormatException">A part is not a number.</exception>
    public string EdgesText
    {
        get;
        init
        {
            field = value;
            Edges = HistogramEdges.Parse(value);
        }
    } = EdgesText;

    /// <summary>The edges, parsed once for all accumulators of this spec.</summary>
    internal HistogramEdges Edges { get; private init; } = HistogramEdges.Parse(EdgesText);
}

/// <summary>
/// The kinds of aggregate state. Each is mergeable, and its content is a function of the set of rows added.
/// </summary>
public enum AccumulatorKind
{
    /// <summary>Rows, or rows whose column is not null.</summary>
    Count = 0,

    /// <summary>Reproducible sum of x^N.</summary>
    PowerSum = 1,

    /// <summary>Smallest value.</summary>
    Min = 2,

    /// <summary>Largest value.</summary>
    Max = 3,

    /// <summary>The N earliest values by (time, position).</summary>
    Earliest = 4,

    /// <summary>The N latest values by (time, position).</summary>
    Latest = 5,

    /// <summary>The value whose order column is smallest; the latest of equals.</summary>
    MinBy = 6,

    /// <summary>The value whose order column is largest; the latest of equals.</summary>
    MaxBy = 7,

    /// <summary>Different values: hashes while few, HyperLogLog after.</summary>
    Distinct = 8,

    /// <summary>Different values: all 64-bit hashes, up to a cap.</summary>
    DistinctExact = 9,

    /// <summary>DDSketch.</summary>
    Quantile = 10,

    /// <summary>Counts between edges.</summary>
    Histogram = 11,

    /// <summary>The N largest values.</summary>
    Largest = 12,

    /// <summary>The N smallest values.</summary>
    Smallest = 13,

    /// <summary>Counts by value, capped.</summary>
    Frequent = 14,

    /// <summary>Forward-decayed weighted mean.</summary>
    DecayedMean = 15,

    /// <summary>The N different values seen latest.</summary>
    RecentUnique = 16,

    /// <summary>The newest row's time; kept for since_last of each category.</summary>
    NewestTime = 17,
}
