namespace ContextGrid.Cli;

/// <summary>A command that cannot do what it was asked, told in one line.</summary>
/// <param name="message">The line.</param>
/// <param name="exitCode">One of <see cref="ExitCode"/>.</param>
public sealed class CliException(string message, int exitCode = ExitCode.Failed) : Exception(message)
{
    /// <summary>What the process says when it ends.</summary>
    public int Code { get; } = exitCode;
}
