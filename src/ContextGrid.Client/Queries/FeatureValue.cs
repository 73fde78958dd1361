using System.Diagnostics.CodeAnalysis;
using ContextGrid.Contracts.V1;

namespace ContextGrid.Client;

/// <summary>The value of one feature of one entity, with what is known of it.</summary>
/// <param name="Name">The feature's name.</param>
/// <param name="Value">The value; null where there is none.</param>
/// <param name="Status">What is known of the value.</param>
/// <param name="EventTime">Event time of the newest event in it; null where there is none.</param>
/// <param name="Age">The head of the answer minus <paramref name="EventTime"/>; null where there is none.</param>
/// <param name="IsApproximate">Whether the value is an estimate, since more is in the window than is kept.</param>
public readonly record struct FeatureValue(
    string Name,
    ContextValue? Value,
    FeatureStatus Status,
    DateTimeOffset? EventTime,
    TimeSpan? Age,
    bool IsApproximate)
{
    /// <summary>Whether there is no value.</summary>
    [MemberNotNullWhen(false, nameof(Value))]
    public bool IsNull => Value is null;

    /// <summary>The value as a double, an integer converted; null where there is none.</summary>
    /// <exception cref="InvalidOperationException">It is no number.</exception>
    public double? AsDouble => Value?.AsDouble;

    /// <summary>The value as a 64-bit integer; null where there is none.</summary>
    /// <exception cref="InvalidOperationException">It is no integer.</exception>
    public long? AsInt64 => Value?.AsInt64;

    /// <summary>The value as text; null where there is none.</summary>
    /// <exception cref="InvalidOperationException">It is no text.</exception>
    public string? AsString => Value?.AsString;

    /// <summary>The value as a boolean; null where there is none.</summary>
    /// <exception cref="InvalidOperationException">It is no boolean.</exception>
    public bool? AsBoolean => Value?.AsBoolean;

    /// <summary>The value as a point in time; null where there is none.</summary>
    /// <exception cref="InvalidOperationException">It is no time.</exception>
    public DateTimeOffset? AsTimestamp => Value?.AsTimestamp;

    /// <summary>The value as a list; null where there is none.</summary>
    /// <exception cref="InvalidOperationException">It is no list.</exception>
    public IReadOnlyList<ContextValue?>? AsList => Value?.AsList;

    /// <summary>The value by category, in the order of the ranking; null where there is none.</summary>
    /// <exception cref="InvalidOperationException">It is not by category.</exception>
    public IReadOnlyList<KeyValuePair<ContextValue, ContextValue?>>? AsMap => Value?.AsMap;
}
