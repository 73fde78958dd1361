namespace ContextGrid.Core.Definitions;

/// <summary>The aggregates of the feature language. docs/FEATURES.md gives each one's exact meaning.</summary>
public enum AggregateKind
{
    /// <summary><c>count()</c>: events; <c>count(x)</c>: events whose x is not null.</summary>
    Count,

    /// <summary><c>sum(x)</c> of numbers.</summary>
    Sum,

    /// <summary><c>min(x)</c> of numbers, timestamps or texts.</summary>
    Min,

    /// <summary><c>max(x)</c> of numbers, timestamps or texts.</summary>
    Max,

    /// <summary><c>avg(x)</c>: arithmetic mean.</summary>
    Avg,

    /// <summary><c>variance(x)</c>: population variance.</summary>
    Variance,

    /// <summary><c>stddev(x)</c>: square root of the variance.</summary>
    Stddev,

    /// <summary><c>skew(x)</c>: population skewness.</summary>
    Skew,

    /// <summary><c>kurtosis(x)</c>: population excess kurtosis.</summary>
    Kurtosis,

    /// <summary><c>first(x)</c>: value of the earliest event.</summary>
    First,

    /// <summary><c>last(x)</c>: value of the latest event.</summary>
    Last,

    /// <summary><c>first_n(x, n)</c>: values of the n earliest events, earliest first.</summary>
    FirstN,

    /// <summary><c>last_n(x, n)</c>: values of the n latest events, latest first.</summary>
    LastN,

    /// <summary><c>min_by(x, y)</c>: x of the event with the smallest y.</summary>
    MinBy,

    /// <summary><c>max_by(x, y)</c>: x of the event with the largest y.</summary>
    MaxBy,

    /// <summary><c>distinct(x)</c>: number of different values; exact while few, HyperLogLog after.</summary>
    Distinct,

    /// <summary><c>distinct_exact(x)</c>: number of different values.</summary>
    DistinctExact,

    /// <summary><c>quantile(x, q)</c>: DDSketch quantile with 1 % relative accuracy.</summary>
    Quantile,

    /// <summary><c>histogram(x, e1, e2, …)</c>: counts between the edges.</summary>
    Histogram,

    /// <summary><c>top_k(x, k)</c>: the k largest values, largest first, duplicates kept.</summary>
    TopK,

    /// <summary><c>bottom_k(x, k)</c>: the k smallest values, smallest first, duplicates kept.</summary>
    BottomK,

    /// <summary><c>most_frequent(x, k)</c>: the k most frequent values, most frequent first.</summary>
    MostFrequent,

    /// <summary><c>ewma(x, half_life)</c>: exponentially weighted mean by forward decay.</summary>
    Ewma,

    /// <summary><c>rate()</c>: events per second of the window; <c>rate(x)</c>: sum of x per second.</summary>
    Rate,

    /// <summary><c>unique_list(x, n)</c>: the n different values seen latest, latest first.</summary>
    UniqueList,

    /// <summary><c>since_last()</c>: seconds from the latest event to <c>as_of</c>.</summary>
    SinceLast,

    /// <summary><c>delta(x)</c>: latest value minus earliest value.</summary>
    Delta,
}
