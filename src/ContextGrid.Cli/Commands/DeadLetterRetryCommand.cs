using System.CommandLine;
using ContextGrid.Cli.DeadLetters;

namespace ContextGrid.Cli.Commands;

/// <summary><c>contextgrid dlq retry</c>: puts dead letters into their topic again.</summary>
public static class DeadLetterRetryCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(GlobalOptions global)
    {
        var edit = new Option<bool>("--edit") { Description = "Opens each payload in VISUAL or EDITOR first." };
        var dryRun = new Option<bool>("--dry-run") { Description = "Only checks, and changes nothing." };
        var rate = Arguments.Bounded("--rate", "Letters a second at most; 0: as fast as they go.", 0, 0, 100_000);
        var selection = new LetterSelection(global.Console.Clock);
        var command = new Command("retry", "Put dead letters into their topic again, each exactly once.")
        {
            edit, rate, dryRun,
        };
        selection.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            using var client = global.Connect(parsed);
            var json = parsed.GetValue(global.Json);
            var ids = selection.SelectAsync(client, parsed, cancellation);
            var plan = new RetryPlan(
                parsed.GetValue(edit), parsed.GetValue(rate), parsed.GetValue(dryRun), json);
            var tally = await new LetterRetries(client, global.Console, plan).RunAsync(ids, cancellation);
            if (!json)
                global.Console.Out.WriteLine(tally);
            return tally.HasFailures ? ExitCode.Failed : ExitCode.Done;
        });
        return command;
    }
}
