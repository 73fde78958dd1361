using ContextGrid.Cli.Output;
using ContextGrid.Contracts.V1;

namespace ContextGrid.Cli.DeadLetters;

/// <summary>What became of letters that were retried.</summary>
public sealed class RetryTally
{
    private readonly SortedDictionary<DeadLetterRetryResult, long> _counts = [];

    /// <summary>Whether some letter is not where it was wanted: refused, or a dead letter again.</summary>
    public bool HasFailures => _counts.ContainsKey(DeadLetterRetryResult.RetryRefused)
        || _counts.ContainsKey(DeadLetterRetryResult.RetryConflict);

    /// <summary>Counts one.</summary>
    public void Add(DeadLetterRetryOutcome outcome) =>
        _counts[outcome.Result] = _counts.GetValueOrDefault(outcome.Result) + 1;

    /// <summary>Such as "2 applied, 1 refused".</summary>
    public override string ToString() => _counts.Count == 0
        ? "No letter matches."
        : string.Join(", ", _counts.Select(c => $"{Units.Count(c.Value)} {DeadLetterText.Result(c.Key)}")) + ".";
}
