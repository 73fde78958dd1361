using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using ContextGrid.Core.Expressions;

namespace ContextGrid.Core.Definitions;

/// <summary>The canonical text of features.</summary>
public static class FeatureText
{
    /// <summary>
    /// Prints a feature as its line in a definition file. Reading the line gives an equal feature, and equal lines over
    /// equal events mean the same computation.
    /// </summary>
    public static string Print(DefinitionSet set, EntityDefinition entity, FeatureDefinition feature)
    {
        ArgumentNullException.ThrowIfNull(entity);
        if (feature is not AggregateFeature aggregate)
        {
            return ((DerivedFeature)feature).Expression.ToString();
        }

        var text = new StringBuilder(set.Events[aggregate.EventIndex].Name);
        text.Append(" | ").Append(Print(aggregate.Aggregate));
        if (aggregate.By is not null)
        {
            text.Append(" by ").Append(aggregate.By);
            text.Append(aggregate.Top > 0 ? string.Create(CultureInfo.InvariantCulture, $" top {aggregate.Top}") : "");
        }

        text.Append(WindowParser.Print(aggregate.Window));
        return aggregate.Where is null ? text.ToString() : text.Append(" where ").Append(aggregate.Where).ToString();
    }

    /// <summary>Reads one line of the feature language as a feature of an entity.</summary>
    /// <param name="set">The definitions that the line refers to.</param>
    /// <param name="entity">The entity; a derived feature can use its features.</param>
    /// <param name="name">The new feature's name.</param>
    /// <param name="line">The line.</param>
    /// <param name="errors">Receives what is wrong; empty before.</param>
    /// <returns>The feature; null when something is wrong.</returns>
    public static FeatureDefinition? Parse(
        DefinitionSet set, EntityDefinition entity, string name, string line, LanguageErrors errors)
    {
        ImmutableArray<Token> tokens = Lexer.Scan(line, errors);
        if (errors.Any)
        {
            return null;
        }

        if (FeatureLineParser.IsAggregate(tokens))
        {
            var scope = new FeatureScope(entity.Name, set.Events, entity.Sources.Select(s => s.EventIndex));
            return new FeatureLineParser(scope).ParseAggregate(name, tokens, errors);
        }

        var features = new ExpressionScope(
            $"feature of entity '{entity.Name}'",
            [.. entity.Features.Select(f => new ExpressionSlot(f.Name, f.Type))]);
        return FeatureLineParser.ParseDerived(name, tokens, features, errors);
    }

    /// <summary>Prints an aggregate with its arguments.</summary>
    public static string Print(AggregateCall call)
    {
        AggregateSignature signature = AggregateSignature.Of(call.Kind);
        string parameter = signature.Parameter switch
        {
            AggregateParameter.Count => ", " + call.N.ToString(CultureInfo.InvariantCulture),
            AggregateParameter.OrderBy => ", " + call.OrderBy,
            AggregateParameter.Quantile => ", " + Number(call.Quantile),
            AggregateParameter.HalfLife => ", " + DurationText.Print(call.HalfLifeMs),
            AggregateParameter.Edges => string.Concat(call.Edges.Select(e => ", " + Number(e))),
            _ => "",
        };
        return $"{signature.Name}({call.Input}{parameter})";
    }

    private static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
