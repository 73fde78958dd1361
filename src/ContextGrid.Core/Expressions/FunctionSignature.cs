using System.Collections.Immutable;

namespace ContextGrid.Core.Expressions;

/// <summary>A function's name and number of arguments.</summary>
/// <param name="Name">As written in expressions.</param>
/// <param name="Kind">Which function.</param>
/// <param name="ArgumentsMin">Fewest arguments.</param>
/// <param name="ArgumentsMax">Most arguments.</param>
/// <param name="Usage">The call as documentation writes it.</param>
public sealed record FunctionSignature(string Name, FunctionKind Kind, int ArgumentsMin, int ArgumentsMax, string Usage)
{
    // More values than this in one call come from a generator, and belong into several features.
    private const int Many = 64;

    /// <summary>All functions, in the order of their documentation.</summary>
    public static ImmutableArray<FunctionSignature> All { get; } =
    [
        new("coalesce", FunctionKind.Coalesce, 1, Many, "coalesce(a, b, …)"),
        new("if", FunctionKind.If, 3, 3, "if(condition, a, b)"),
        new("is_null", FunctionKind.IsNull, 1, 1, "is_null(x)"),
        new("lower", FunctionKind.Lower, 1, 1, "lower(s)"),
        new("upper", FunctionKind.Upper, 1, 1, "upper(s)"),
        new("length", FunctionKind.Length, 1, 1, "length(x)"),
        new("contains", FunctionKind.Contains, 2, 2, "contains(s, part)"),
        new("starts_with", FunctionKind.StartsWith, 2, 2, "starts_with(s, part)"),
        new("hour_of_day", FunctionKind.HourOfDay, 1, 1, "hour_of_day(t)"),
        new("day_of_week", FunctionKind.DayOfWeek, 1, 1, "day_of_week(t)"),
        new("hash_bucket", FunctionKind.HashBucket, 2, 2, "hash_bucket(x, n)"),
        new("log", FunctionKind.Log, 1, 1, "log(x)"),
        new("exp", FunctionKind.Exp, 1, 1, "exp(x)"),
        new("sqrt", FunctionKind.Sqrt, 1, 1, "sqrt(x)"),
        new("abs", FunctionKind.Abs, 1, 1, "abs(x)"),
        new("round", FunctionKind.Round, 1, 2, "round(x) or round(x, digits)"),
        new("min", FunctionKind.Min, 2, Many, "min(a, b, …)"),
        new("max", FunctionKind.Max, 2, Many, "max(a, b, …)"),
        new("clamp", FunctionKind.Clamp, 3, 3, "clamp(x, low, high)"),
    ];

    /// <summary>The function of a name; null when there is none.</summary>
    public static FunctionSignature? Find(string name) => All.FirstOrDefault(f => f.Name == name);
}
