namespace ContextGrid.Runtime.Hosting;

/// <summary>What came of a wish about a replay. Values are added, never changed.</summary>
public enum ReplayOutcome
{
    /// <summary>It was done, or had been done before.</summary>
    Done = 0,

    /// <summary>The request is wrong.</summary>
    Invalid = 1,

    /// <summary>There is no such entity type, or no such replay.</summary>
    NotFound = 2,

    /// <summary>Another replay has the id or the shadow version.</summary>
    Taken = 3,

    /// <summary>The replay is in another phase than the wish needs.</summary>
    WrongPhase = 4,

    /// <summary>As many replays as may be are there.</summary>
    TooMany = 5,
}
