using System.CommandLine;
using ContextGrid.Cli.DeadLetters;
using ContextGrid.Cli.Output;

namespace ContextGrid.Cli.Commands;

/// <summary><c>contextgrid dlq discard</c>: notes that dead letters are not needed.</summary>
public static class DeadLetterDiscardCommand
{
    // What the server takes in one call.
    private const int BatchMax = 1_000;

    /// <summary>Makes the command.</summary>
    public static Command Create(GlobalOptions global)
    {
        var note = new Option<string>("--note") { Description = "Why, for those who look later.", HelpName = "TEXT" };
        var selection = new LetterSelection(global.Console.Clock);
        var command = new Command("discard", "Note that dead letters are not needed; nothing is deleted.") { note };
        selection.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            using var client = global.Connect(parsed);
            long discarded = 0, refused = 0;
            await foreach (var batch in selection.SelectAsync(client, parsed, cancellation).Chunk(BatchMax)
                .WithCancellation(cancellation))
            {
                var outcomes = await client.DiscardDeadLettersAsync(batch, parsed.GetValue(note) ?? "", cancellation);
                foreach (var outcome in outcomes)
                {
                    discarded += outcome.Discarded ? 1 : 0;
                    refused += outcome.Discarded ? 0 : 1;
                    if (parsed.GetValue(global.Json))
                        MessageJson.Write(global.Console.Out, outcome);
                    else if (!outcome.Discarded)
                        global.Console.Out.WriteLine($"{outcome.Id}  {outcome.Reason}: {outcome.Message}");
                }
            }

            if (!parsed.GetValue(global.Json))
                global.Console.Out.WriteLine($"{Units.Count(discarded)} discarded, {Units.Count(refused)} refused.");
            return refused > 0 ? ExitCode.Failed : ExitCode.Done;
        });
        return command;
    }
}
