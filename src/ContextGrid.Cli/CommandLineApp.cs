using System.CommandLine;
using System.CommandLine.Help;
using ContextGrid.Cli.Commands;
using ContextGrid.Cli.Output;
using ContextGrid.Client;
using ContextGrid.Core.Model;

namespace ContextGrid.Cli;

/// <summary>The command line: parses, runs one command, turns a failure into one line and an exit code.</summary>
public static class CommandLineApp
{
    // Arguments are data: neither is @file replaced by a file's content, nor -abc taken for -a -b -c.
    private static readonly ParserConfiguration Verbatim = new()
    {
        ResponseFileTokenReplacer = null, EnablePosixBundling = false,
    };

    /// <summary>Runs a command line.</summary>
    /// <param name="args">The arguments after the program's name.</param>
    /// <param name="console">What stands for the process.</param>
    /// <param name="cancellation">Ends the command, as Ctrl-C does.</param>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public static async Task<int> RunAsync(
        string[] args, CliConsole console, CancellationToken cancellation = default)
    {
        try
        {
            var parsed = Root(console).Parse(args, Verbatim);
            string[] errors = [.. WrongUse.Of(parsed)];
            return errors.Length == 0
                ? await InvokeAsync(parsed, console, cancellation)
                : Refuse(errors, console);
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Failed;
        }
        catch (CliException e)
        {
            console.Error.WriteLine($"error: {Units.Printable(e.Message)}");
            return e.Code;
        }
        catch (ContextGridException e)
        {
            console.Error.WriteLine(Describe(e));
            return ExitCode.Failed;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            console.Error.WriteLine($"error: {Units.Printable(e.Message)}");
            return ExitCode.Failed;
        }
        catch (Exception e)
        {
            // A mistake of this program; whoever uses it gets one line all the same.
            console.Error.WriteLine(
                Sentence.End($"error: unexpected {e.GetType().Name}: {Units.Printable(e.Message)}"));
            return ExitCode.Failed;
        }
    }

    /// <summary>One line about a failed call: what, and what to do.</summary>
    public static string Describe(ContextGridException failure) =>
        $"error: {Units.Printable(Sentence.End(failure.Message))} {failure.Advice}";

    private static int Refuse(string[] errors, CliConsole console)
    {
        foreach (var error in errors)
            console.Error.WriteLine($"error: {Units.Printable(error)}");
        console.Error.WriteLine("Try 'contextgrid --help', or --help after a command.");
        return ExitCode.WrongUse;
    }

    private static Task<int> InvokeAsync(ParseResult parsed, CliConsole console, CancellationToken cancellation)
    {
        var invocation = new InvocationConfiguration
        {
            Output = console.Out,
            Error = console.Error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = TimeSpan.FromSeconds(5),
        };
        return parsed.InvokeAsync(invocation, cancellation);
    }

    private static Command Root(CliConsole console)
    {
        var global = new GlobalOptions(console);
        // Not a RootCommand: that one takes the assembly's name, and people call this "contextgrid".
        var root = new Command("contextgrid", "Live context for models and agents: publish events, read features.")
        {
            PublishCommand.Create(global),
            GetCommand.Create(global),
            WatchCommand.Create(global),
            ExplainCommand.Create(global),
            StatusCommand.Create(global),
            DefinitionsCommand.Create(global),
            DeadLettersCommand.Create(global),
            ReplayCommand.Create(global),
            GenerateCommand.Create(global),
            BenchCommand.Create(global),
            BackupCommand.Create(global),
            VerifyCommand.Create(global),
        };
        root.Options.Add(global.Server);
        root.Options.Add(global.Json);
        root.Options.Add(new HelpOption());
        root.Options.Add(new VersionOption());
        return root;
    }
}
