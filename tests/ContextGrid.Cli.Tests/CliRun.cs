using ContextGrid.TestKit.Grpc;

namespace ContextGrid.Cli.Tests;

/// <summary>Runs a command line in this process, with its own console.</summary>
internal sealed class CliRun
{
    private CliRun(int exitCode, string output, string error) => (ExitCode, Out, Error) = (exitCode, output, error);

    public int ExitCode { get; }

    public string Out { get; }

    public string Error { get; }

    public string[] OutLines => Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Runs with an editor, and with a person's answers.</summary>
    public static Task<CliRun> EditAsync(
        FakeGrpcServer server, string editor, string[] answers, params string[] args)
    {
        var left = new Queue<string>(answers);
        return RunAsync(
            [.. args, "--server", server.Address.ToString()],
            null,
            editor: editor,
            readLine: () => left.TryDequeue(out var answer) ? answer : null);
    }

    public static Task<CliRun> AtAsync(FakeGrpcServer server, params string[] args) =>
        RunAsync([.. args, "--server", server.Address.ToString()], null);

    public static async Task<CliRun> RunAsync(
        string[] args,
        byte[]? input,
        Stream? output = null,
        CancellationToken cancellation = default,
        string editor = "false",
        Func<string?>? readLine = null)
    {
        using var text = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        var console = new CliConsole
        {
            Out = text,
            Error = error,
            OpenInput = () => new MemoryStream(input ?? []),
            OpenOutput = () => output ?? Stream.Null,
            Editor = editor,
            ReadLine = readLine ?? (() => null),
        };
        var code = await CommandLineApp.RunAsync(args, console, cancellation);
        return new CliRun(code, text.ToString(), error.ToString());
    }
}
