namespace ContextGrid.Cli;

/// <summary>What the process says when it ends.</summary>
public static class ExitCode
{
    /// <summary>Done.</summary>
    public const int Done = 0;

    /// <summary>Refused or failed; stderr says why.</summary>
    public const int Failed = 1;

    /// <summary>Wrong use; stderr says what is meant.</summary>
    public const int WrongUse = 2;
}
