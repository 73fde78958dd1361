using System.Collections.Immutable;
using ContextGrid.Core.Model;

namespace ContextGrid.Core.Queries;

/// <summary>The status of a derived feature follows from its value and from what is known of its inputs.</summary>
internal static class DerivedStatus
{
    /// <summary>
    /// A null value has the worst status of an input (NULL when all are present, such as for a division by zero); any
    /// other value is PRESENT when an input is, else it has its first input's status.
    /// </summary>
    internal static FeatureStatus Of(in Value value, ImmutableArray<int> inputs, ReadOnlySpan<FeatureStatus> statuses)
    {
        bool anyPresent = inputs.Length == 0;
        FeatureStatus worst = FeatureStatus.Null;
        foreach (int input in inputs)
        {
            anyPresent |= statuses[input] == FeatureStatus.Present;
            worst = Severity(statuses[input]) > Severity(worst) ? statuses[input] : worst;
        }

        return value.IsNull ? worst : anyPresent ? FeatureStatus.Present : statuses[inputs[0]];
    }

    private static int Severity(FeatureStatus status) => status switch
    {
        FeatureStatus.Rebuilding => 5,
        FeatureStatus.Masked => 4,
        FeatureStatus.NeverSeen => 3,
        FeatureStatus.Expired => 2,
        FeatureStatus.Null => 1,
        _ => 0,
    };
}
