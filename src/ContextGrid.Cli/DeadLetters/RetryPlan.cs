namespace ContextGrid.Cli.DeadLetters;

/// <summary>How letters are retried.</summary>
/// <param name="Edit">Each is edited before.</param>
/// <param name="LettersPerSecondMax">The highest rate; 0: as fast as they are taken.</param>
/// <param name="DryRun">Nothing is changed.</param>
/// <param name="Json">Outcomes are told to a program.</param>
public sealed record RetryPlan(bool Edit, int LettersPerSecondMax, bool DryRun, bool Json);
