using ContextGrid.Client;
using ContextGrid.Contracts.V1;
using ContextGrid.TestKit.Oracle;

namespace ContextGrid.Integration.Tests.Retail;

/// <summary>The client's values as the oracle's plain ones.</summary>
internal static class ClientValues
{
    internal static object? ToPlain(ContextValue? value)
    {
        switch (value?.Kind)
        {
            case null: return null;
            case ContextValueKind.Timestamp: return new OracleTime(value.AsTimestamp.ToUnixTimeMilliseconds());
            case ContextValueKind.List: return value.AsList.Select(ToPlain).ToList();
            case ContextValueKind.Map:
                return value.AsMap
                    .Select(e => new OracleCategory(ToPlain(e.Key)!, ToPlain(e.Value), default)) // Keys are not null.
                    .ToList();
            default: return value.AsObject;
        }
    }

    /// <summary>Every feature of an answer that is not what the oracle says at a head.</summary>
    internal static IEnumerable<string> Differences(FeatureOracle oracle, object key, EntityResult answer, long headMs)
    {
        foreach (OracleFeature feature in oracle.Entity.Features)
        {
            OracleAnswer right = feature.IsDerived
                ? oracle.Derive(key, feature, headMs, AnswerOf)
                : oracle.Ask(key, feature, headMs);
            FeatureValue value = answer[feature.Name];

            // Of what is being brought back the status says so; the value is right for the positions that it names.
            OracleStatus status = value.Status == FeatureStatus.Rebuilding
                ? right.Status
                : (OracleStatus)(int)value.Status;
            string? difference = oracle.Difference(
                key, feature, headMs, right, AnswerOf(feature.Name) with { Status = status });
            if (difference is not null)
            {
                yield return $"{answer.Id} at {headMs}, {feature.Name} ({feature.ToText()}): {difference}";
            }
        }

        OracleAnswer AnswerOf(string name)
        {
            FeatureValue value = answer[name];
            long time = value.EventTime?.ToUnixTimeMilliseconds() ?? OracleAnswer.NoEventMs;
            return new(ToPlain(value.Value), (OracleStatus)(int)value.Status, time, default)
            {
                IsApproximate = value.IsApproximate,
            };
        }
    }
}
