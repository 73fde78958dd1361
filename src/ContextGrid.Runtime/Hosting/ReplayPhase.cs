namespace ContextGrid.Runtime.Hosting;

/// <summary>How far a replay is. Values are added, never changed.</summary>
public enum ReplayPhase
{
    /// <summary>It reads the log, or waits to.</summary>
    Running = 0,

    /// <summary>The shadow version is whole.</summary>
    Finished = 1,

    /// <summary>It was cancelled; the shadow version is not whole.</summary>
    Cancelled = 2,

    /// <summary>It can't go on; the shadow version is not whole.</summary>
    Failed = 3,
}
