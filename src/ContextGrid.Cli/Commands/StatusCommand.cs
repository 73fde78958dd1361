using System.CommandLine;
using ContextGrid.Cli.Output;

namespace ContextGrid.Cli.Commands;

/// <summary><c>contextgrid status</c>: how the server is.</summary>
public static class StatusCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(GlobalOptions global)
    {
        var command = new Command("status", "Say how the server is: sources, lag, entities, checkpoint.");
        command.SetAction(async (parsed, cancellation) =>
        {
            using var client = global.Connect(parsed);
            var status = await client.GetStatusAsync(cancellation);
            if (parsed.GetValue(global.Json))
                MessageJson.Write(global.Console.Out, status);
            else
                StatusText.Write(global.Console, status);
            return ExitCode.Done;
        });
        return command;
    }
}
