using System.Collections.Immutable;
using ContextGrid.Core.Expressions;
using ContextGrid.Core.Model;

namespace ContextGrid.Core.Definitions;

/// <summary>One feature: an aggregate over events, or an expression over other features.</summary>
/// <param name="Name">The feature's name, unique in its entity.</param>
/// <param name="Type">The type of its values.</param>
public abstract record FeatureDefinition(string Name, ValueKind Type);

/// <summary>A feature that is derived, on read, from other features of the entity.</summary>
/// <param name="Name">The feature's name.</param>
/// <param name="Expression">
/// Slots are indexes in <see cref="EntityDefinition.Features"/>. Cycles are refused before.
/// </param>
public sealed record DerivedFeature(string Name, Expression Expression) : FeatureDefinition(Name, Expression.Type);

/// <summary>A feature that aggregates events.</summary>
/// <param name="Name">The feature's name.</param>
/// <param name="Type">The result's type (Map with <c>by</c>).</param>
/// <param name="EventIndex">Index in <see cref="DefinitionSet.Events"/>.</param>
/// <param name="Aggregate">What is computed.</param>
/// <param name="By">The category field or expression over the event; null: none.</param>
/// <param name="Top">
/// With <paramref name="By"/>: how many categories are answered, 1–1,000; 0: all that are kept.
/// </param>
/// <param name="Window">Over which events.</param>
/// <param name="Where">A Bool expression over the event; null: all events. Null and false exclude.</param>
public sealed record AggregateFeature(
    string Name,
    ValueKind Type,
    int EventIndex,
    AggregateCall Aggregate,
    Expression? By,
    int Top,
    WindowDefinition Window,
    Expression? Where) : FeatureDefinition(Name, Type);

/// <summary>An aggregate with its arguments.</summary>
/// <param name="Kind">Which aggregate.</param>
/// <param name="Input">
/// The aggregated expression over the event; null for <c>count()</c>, <c>rate()</c>, <c>since_last()</c>.
/// </param>
/// <param name="OrderBy">The second expression of min_by and max_by; else null.</param>
/// <param name="N">
/// How many values, for first_n, last_n, top_k, bottom_k, unique_list, most_frequent; 1–256; else 0.
/// </param>
/// <param name="Quantile">The rank of quantile, 0–1.</param>
/// <param name="HalfLifeMs">The half-life of ewma; milliseconds.</param>
/// <param name="Edges">The bucket edges of histogram, ascending, 1–256 of them; else empty.</param>
public sealed record AggregateCall(
    AggregateKind Kind,
    Expression? Input,
    Expression? OrderBy,
    int N,
    double Quantile,
    long HalfLifeMs,
    ImmutableArray<double> Edges);
