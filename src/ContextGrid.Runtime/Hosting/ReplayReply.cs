namespace ContextGrid.Runtime.Hosting;

/// <summary>What came of a wish about a replay.</summary>
/// <param name="Outcome">Whether it was done, or why not.</param>
/// <param name="Message">Why not, one line for people; empty: it was done.</param>
public readonly record struct ReplayReply(ReplayOutcome Outcome, string Message)
{
    /// <summary>It was done.</summary>
    public static ReplayReply Done => new(ReplayOutcome.Done, "");
}
