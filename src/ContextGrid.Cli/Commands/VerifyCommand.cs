using System.CommandLine;
using ContextGrid.Cli.Output;
using ContextGrid.Core.Definitions;
using ContextGrid.Runtime.Codecs;
using ContextGrid.Runtime.Verification;

namespace ContextGrid.Cli.Commands;

/// <summary><c>contextgrid verify</c>: checks a data directory that no server has open.</summary>
public static class VerifyCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(GlobalOptions global)
    {
        var directory = Arguments.Named("DIR", "A data directory, or a backup of one.");
        var definitions = new Option<string>("--definitions")
        {
            Description = "A directory with *.yaml files: decode every snapshot with them.", HelpName = "DIR",
        };
        var repair = new Option<bool>("--repair")
        {
            Description = "Move what a start is better off without into DIR/aside-TIME. Nothing is deleted.",
        };
        var giveUp = new Option<string[]>("--give-up")
        {
            Description = "With --repair: a damaged segment of the log that is moved aside with all older ones.",
            HelpName = "SEGMENT",
            DefaultValueFactory = _ => [],
        };
        var command = new Command("verify", "Check a data directory offline: log, checkpoints, and how they fit.")
        {
            directory, definitions, repair, giveUp,
        };
        command.Validators.Add(result =>
        {
            if (result.GetResult(giveUp) is { Implicit: false } && result.GetResult(repair) is null)
                result.AddError("--give-up moves files: it needs --repair.");
        });
        command.SetAction((parsed, cancellation) =>
        {
            var options = new VerifyOptions
            {
                Directory = parsed.GetRequiredValue(directory),
                Definitions = parsed.GetValue(definitions) is { } path ? ReadDefinitions(path) : null,
                Repair = parsed.GetValue(repair),
                GiveUp = parsed.GetValue(giveUp) ?? [],
            };
            return RunAsync(global.Console, parsed.GetValue(global.Json), options, cancellation);
        });
        return command;
    }

    private static DefinitionSet ReadDefinitions(string directory)
    {
        if (!Directory.Exists(directory))
            throw new CliException($"there is no directory {directory}.", ExitCode.WrongUse);
        return DefinitionFiles.Read(directory).Set ?? throw new CliException(
            $"the definitions in {directory} are not valid; 'contextgrid definitions validate {directory}' says why.",
            ExitCode.WrongUse);
    }

    private static async Task<int> RunAsync(
        CliConsole console, bool json, VerifyOptions options, CancellationToken cancellation)
    {
        var findings = new List<Finding>();
        try
        {
            Action<Finding> sink = json ? finding => VerifyJson.Write(console.Out, finding) : findings.Add;
            var summary = await DataVerifier.RunAsync(options, console.Clock, sink, cancellation);
            if (json)
                VerifyJson.Write(console.Out, summary);
            else
                VerifyText.Write(console, findings, summary);
            return summary.IsSound ? ExitCode.Done : ExitCode.Failed;
        }
        catch (VerifyException e)
        {
            // What was found before says why a repair was refused.
            VerifyText.WriteFindings(console, findings);
            throw new CliException(e.Message, e.IsWrongUse ? ExitCode.WrongUse : ExitCode.Failed);
        }
    }
}
