using System.Collections.Immutable;
using ContextGrid.Core.Model;

namespace ContextGrid.Core.Definitions;

/// <summary>An aggregate's name, arguments and types.</summary>
/// <param name="Name">As written in feature lines.</param>
/// <param name="Kind">Which aggregate.</param>
/// <param name="Input">Which inputs it takes.</param>
/// <param name="Parameter">What follows the input.</param>
/// <param name="Usage">The call as documentation writes it.</param>
public sealed record AggregateSignature(
    string Name, AggregateKind Kind, AggregateInput Input, AggregateParameter Parameter, string Usage)
{
    /// <summary>All aggregates, in the order of their documentation.</summary>
    public static ImmutableArray<AggregateSignature> All { get; } =
    [
        new("count", AggregateKind.Count, AggregateInput.OptionalAny, AggregateParameter.None, "count() or count(x)"),
        Number("sum", AggregateKind.Sum),
        new("min", AggregateKind.Min, AggregateInput.Ordered, AggregateParameter.None, "min(x)"),
        new("max", AggregateKind.Max, AggregateInput.Ordered, AggregateParameter.None, "max(x)"),
        Number("avg", AggregateKind.Avg),
        Number("variance", AggregateKind.Variance),
        Number("stddev", AggregateKind.Stddev),
        Number("skew", AggregateKind.Skew),
        Number("kurtosis", AggregateKind.Kurtosis),
        new("first", AggregateKind.First, AggregateInput.Single, AggregateParameter.None, "first(x)"),
        new("last", AggregateKind.Last, AggregateInput.Single, AggregateParameter.None, "last(x)"),
        new("first_n", AggregateKind.FirstN, AggregateInput.Single, AggregateParameter.Count, "first_n(x, n)"),
        new("last_n", AggregateKind.LastN, AggregateInput.Single, AggregateParameter.Count, "last_n(x, n)"),
        new("min_by", AggregateKind.MinBy, AggregateInput.Single, AggregateParameter.OrderBy, "min_by(x, y)"),
        new("max_by", AggregateKind.MaxBy, AggregateInput.Single, AggregateParameter.OrderBy, "max_by(x, y)"),
        new("distinct", AggregateKind.Distinct, AggregateInput.Single, AggregateParameter.None, "distinct(x)"),
        new("distinct_exact", AggregateKind.DistinctExact, AggregateInput.Single, AggregateParameter.None,
            "distinct_exact(x)"),
        new("quantile", AggregateKind.Quantile, AggregateInput.Number, AggregateParameter.Quantile, "quantile(x, q)"),
        new("histogram", AggregateKind.Histogram, AggregateInput.Number, AggregateParameter.Edges,
            "histogram(x, e1, e2, …)"),
        new("top_k", AggregateKind.TopK, AggregateInput.Ordered, AggregateParameter.Count, "top_k(x, k)"),
        new("bottom_k", AggregateKind.BottomK, AggregateInput.Ordered, AggregateParameter.Count, "bottom_k(x, k)"),
        new("most_frequent", AggregateKind.MostFrequent, AggregateInput.Single, AggregateParameter.Count,
            "most_frequent(x, k)"),
        new("ewma", AggregateKind.Ewma, AggregateInput.Number, AggregateParameter.HalfLife, "ewma(x, half_life)"),
        new("rate", AggregateKind.Rate, AggregateInput.OptionalNumber, AggregateParameter.None, "rate() or rate(x)"),
        new("unique_list", AggregateKind.UniqueList, AggregateInput.Single, AggregateParameter.Count,
            "unique_list(x, n)"),
        new("since_last", AggregateKind.SinceLast, AggregateInput.None, AggregateParameter.None, "since_last()"),
        Number("delta", AggregateKind.Delta),
    ];

    /// <summary>The aggregate of a name; null when there is none.</summary>
    public static AggregateSignature? Find(string name) => All.FirstOrDefault(a => a.Name == name);

    /// <summary>The signature of a kind.</summary>
    public static AggregateSignature Of(AggregateKind kind) => All.First(a => a.Kind == kind);

    /// <summary>The type of the result, without <c>by</c>.</summary>
    /// <param name="input">The input's type; Null when there is no input.</param>
    public ValueKind ResultType(ValueKind input) => Kind switch
    {
        AggregateKind.Count or AggregateKind.Distinct or AggregateKind.DistinctExact => ValueKind.Int64,
        AggregateKind.Sum or AggregateKind.Min or AggregateKind.Max or AggregateKind.First or AggregateKind.Last
            or AggregateKind.MinBy or AggregateKind.MaxBy or AggregateKind.Delta => input,
        AggregateKind.FirstN or AggregateKind.LastN or AggregateKind.TopK or AggregateKind.BottomK
            or AggregateKind.MostFrequent or AggregateKind.UniqueList or AggregateKind.Histogram => ValueKind.List,
        _ => ValueKind.Double,
    };

    private static AggregateSignature Number(string name, AggregateKind kind) =>
        new(name, kind, AggregateInput.Number, AggregateParameter.None, name + "(x)");
}

/// <summary>The inputs that an aggregate takes.</summary>
public enum AggregateInput
{
    /// <summary>No input.</summary>
    None,

    /// <summary>A value of any type, or no input.</summary>
    OptionalAny,

    /// <summary>A number, or no input.</summary>
    OptionalNumber,

    /// <summary>A number.</summary>
    Number,

    /// <summary>A number, a timestamp or a string.</summary>
    Ordered,

    /// <summary>A value of any type but list.</summary>
    Single,
}

/// <summary>What follows an aggregate's input.</summary>
public enum AggregateParameter
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>How many values, 1–256.</summary>
    Count,

    /// <summary>A second expression: a number, a timestamp or a string.</summary>
    OrderBy,

    /// <summary>A rank, 0–1.</summary>
    Quantile,

    /// <summary>A duration.</summary>
    HalfLife,

    /// <summary>1–256 ascending numbers.</summary>
    Edges,
}
