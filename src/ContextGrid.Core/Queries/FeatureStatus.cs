namespace ContextGrid.Core.Queries;

/// <summary>What is known of a feature's value; the numbers are those of the wire contract.</summary>
public enum FeatureStatus : byte
{
    /// <summary>There is a value from events in the window.</summary>
    Present = 1,

    /// <summary>Events are in the window, and all said null.</summary>
    Null = 2,

    /// <summary>No event of this feature was ever seen for the entity.</summary>
    NeverSeen = 3,

    /// <summary>Events were seen, but none is in the window any more, or the entity's ttl has passed.</summary>
    Expired = 4,

    /// <summary>The state is being rebuilt.</summary>
    Rebuilding = 5,

    /// <summary>The caller may not see the value.</summary>
    Masked = 6,

    /// <summary>The type has no feature of this name.</summary>
    UnknownFeature = 7,
}
