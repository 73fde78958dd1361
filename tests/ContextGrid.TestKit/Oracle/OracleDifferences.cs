using System.Collections.Immutable;
using ContextGrid.Core.Queries;

namespace ContextGrid.TestKit.Oracle;

/// <summary>Compares all that was answered about one entity with the oracle.</summary>
public static class OracleDifferences
{
    /// <summary>Every feature whose answer is not what the oracle says.</summary>
    /// <param name="oracle">Has seen the same events.</param>
    /// <param name="key">The entity.</param>
    /// <param name="headMs">The head that was asked for, not before the entity's newest event.</param>
    /// <param name="names">The names of the features, with all that derived ones read.</param>
    /// <param name="slots">The answer, in the order of the names.</param>
    public static List<string> Of(
        FeatureOracle oracle, object key, long headMs, ImmutableArray<string> names, in AnswerSlots slots)
    {
        var given = new Dictionary<string, OracleAnswer>(StringComparer.Ordinal);
        for (int i = 0; i < names.Length; i++)
        {
            given[names[i]] = new OracleAnswer(
                CoreValues.FromCore(slots.Values[i]), (OracleStatus)slots.Statuses[i], slots.EventTimesMs[i], default)
            {
                IsApproximate = (slots.Notes[i] & 1) != 0,
            };
        }

        var differences = new List<string>();
        for (int i = 0; i < names.Length; i++)
        {
            OracleFeature feature = oracle.Entity.Features.Single(f => f.Name == names[i]);
            OracleAnswer right = feature.IsDerived
                ? oracle.Derive(key, feature, headMs, name => given[name])
                : oracle.Ask(key, feature, headMs);
            OracleAnswer actual = given[feature.Name];
            string? difference = oracle.Difference(key, feature, headMs, right, actual);
            if (difference is not null)
            {
                differences.Add($"{feature.Name}: {feature.ToText()} at {headMs}: {difference}");
            }
        }

        return differences;
    }
}
