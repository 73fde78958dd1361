namespace ContextGrid.Core.Queries;

/// <summary>The statuses as the wire contract spells them.</summary>
public static class StatusText
{
    // By FeatureStatus, whose numbers begin at 1.
    private static readonly string[] Names =
        ["", "PRESENT", "NULL", "NEVER_SEEN", "EXPIRED", "REBUILDING", "MASKED", "UNKNOWN_FEATURE"];

    /// <summary>The name of a status, such as <c>NEVER_SEEN</c>.</summary>
    public static string Of(FeatureStatus status) => Names[(int)status];
}
