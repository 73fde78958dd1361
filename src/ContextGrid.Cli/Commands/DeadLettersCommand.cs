using System.CommandLine;
using ContextGrid.Cli.Output;

namespace ContextGrid.Cli.Commands;

/// <summary><c>contextgrid dlq</c>: the events that could not be used.</summary>
public static class DeadLettersCommand
{
    /// <summary>Makes the command with its subcommands.</summary>
    public static Command Create(GlobalOptions global) => new("dlq", "Look at dead letters.")
    {
        List(global),
        Show(global),
    };

    private static Command List(GlobalOptions global)
    {
        var limit = Arguments.Bounded("--limit", "At most so many, newest first.", 100, 1, 1_000);
        var topic = new Option<string>("--topic") { Description = "Only of this topic.", HelpName = "TOPIC" };
        var reason = new Option<string>("--reason") { Description = "Only with this reason.", HelpName = "REASON" };
        var command = new Command("list", "List dead letters, newest first.") { limit, topic, reason };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var client = global.Connect(parsed);
            var answer = await client.ListDeadLettersAsync(
                parsed.GetValue(limit), parsed.GetValue(topic) ?? "", parsed.GetValue(reason) ?? "", cancellation);
            if (!parsed.GetValue(global.Json))
            {
                DeadLetterText.WriteList(global.Console, answer);
                return ExitCode.Done;
            }

            foreach (var letter in answer.DeadLetters)
                MessageJson.Write(global.Console.Out, letter);
            return ExitCode.Done;
        });
        return command;
    }

    private static Command Show(GlobalOptions global)
    {
        var id = new Argument<long>("ID") { Description = "Its number in the list." };
        var command = new Command("show", "Show one dead letter with its payload.") { id };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var client = global.Connect(parsed);
            var letter = await client.GetDeadLetterAsync(parsed.GetValue(id), cancellation);
            if (parsed.GetValue(global.Json))
                MessageJson.Write(global.Console.Out, letter);
            else
                DeadLetterText.Write(global.Console.Out, letter);
            return ExitCode.Done;
        });
        return command;
    }
}
