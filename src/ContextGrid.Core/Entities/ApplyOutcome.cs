namespace ContextGrid.Core.Entities;

/// <summary>What applying an event did.</summary>
public enum ApplyOutcome
{
    /// <summary>The event is in the state.</summary>
    Applied,

    /// <summary>
    /// The event is in the state, but it is later than the allowed lateness and at least one window no longer retains
    /// the time where it belongs.
    /// </summary>
    AppliedLate,

    /// <summary>
    /// An event at this position or after it, of the same source, is in the state already: nothing changed.
    /// </summary>
    AlreadyApplied,

    /// <summary>The type does not consume the event: nothing changed.</summary>
    NotConsumed,
}
