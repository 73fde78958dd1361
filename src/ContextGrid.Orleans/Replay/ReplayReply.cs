using Orleans;

namespace ContextGrid.Orleans.Replay;

/// <summary>What came of a wish about a replay.</summary>
/// <param name="Outcome">Whether it was done, or why not.</param>
/// <param name="Message">Why not, one line for people; empty: it was done.</param>
[GenerateSerializer]
[Immutable]
[Alias("ContextGrid.ReplayReply")]
public readonly record struct ReplayReply([property: Id(0)] ReplayOutcome Outcome, [property: Id(1)] string Message)
{
    /// <summary>It was done.</summary>
    internal static ReplayReply Done => new(ReplayOutcome.Done, "");
}
