namespace ContextGrid.Cli;

/// <summary>What a command sees of the process around it, so that a test can stand in its place.</summary>
public sealed class CliConsole
{
    /// <summary>Takes results.</summary>
    public required TextWriter Out { get; init; }

    /// <summary>Takes errors and progress.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>Opens stdin.</summary>
    public required Func<Stream> OpenInput { get; init; }

    /// <summary>Opens stdout for bytes; it is not mixed with <see cref="Out"/>.</summary>
    public required Func<Stream> OpenOutput { get; init; }

    /// <summary>Whether results go to a person's terminal: colours, and tables as wide as it is.</summary>
    public bool OutIsTerminal { get; init; }

    /// <summary>Whether errors go to a terminal, so that progress may be shown there.</summary>
    public bool ErrorIsTerminal { get; init; }

    /// <summary>Columns of the terminal, or how wide tables may be without one.</summary>
    public int Width { get; init; } = 160;

    /// <summary>The address that the environment names; null: none.</summary>
    public string? DefaultServer { get; init; }

    /// <summary>The command line of the person's editor; a file's path is put behind it.</summary>
    public string Editor { get; init; } = "vi";

    /// <summary>The next line of stdin; null: there is none.</summary>
    public Func<string?> ReadLine { get; init; } = () => null;

    /// <summary>The clock.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>The real console of this process.</summary>
    public static CliConsole OfProcess() => new()
    {
        Out = Console.Out,
        Error = Console.Error,
        OpenInput = Console.OpenStandardInput,
        OpenOutput = Console.OpenStandardOutput,
        OutIsTerminal = !Console.IsOutputRedirected,
        ErrorIsTerminal = !Console.IsErrorRedirected,
        Width = Console.IsOutputRedirected ? 160 : Math.Max(40, Console.WindowWidth),
        DefaultServer = Environment.GetEnvironmentVariable("CONTEXTGRID_SERVER"),
        Editor = EditorOf("VISUAL") ?? EditorOf("EDITOR") ?? "vi",
        ReadLine = Console.ReadLine,
    };

    private static string? EditorOf(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } editor ? editor : null;
}
