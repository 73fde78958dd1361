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
