using System.CommandLine;
using ContextGrid.Cli.DeadLetters;
using ContextGrid.Cli.Output;
using ContextGrid.Client;
using ContextGrid.Contracts.V1;

namespace ContextGrid.Cli.Commands;

/// <summary><c>contextgrid dlq</c>: the events that could not be used.</summary>
public static class DeadLettersCommand
{
    /// <summary>Makes the command with its subcommands.</summary>
    public static Command Create(GlobalOptions global) =>
        new("dlq", "Look at dead letters, retry them, or discard them.")
        {
            List(global),
            Show(global),
            DeadLetterRetryCommand.Create(global),
            DeadLetterDiscardCommand.Create(global),
        };

    private static Command List(GlobalOptions global)
    {
        var limit = Arguments.Bounded("--limit", "At most so many, newest first.", 100, 1, 1_000);
        var before = new Option<long?>("--before")
        {
            Description = "Only letters with smaller numbers: where the page before ended.", HelpName = "ID",
        };
        var state = new Option<string>("--state")
        {
            Description = "open, retried, discarded or all. Default open.",
            HelpName = "STATE",
            DefaultValueFactory = _ => "open",
        };
        state.AcceptOnlyFromAmong("open", "retried", "discarded", "all");
        var selection = new LetterSelection(global.Console.Clock);
        var command = new Command("list", "List dead letters, newest first.") { limit, before, state };
        selection.AddFilters(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            using var client = global.Connect(parsed);
            var request = selection.Filters(parsed);
            request.States.AddRange(States(parsed.GetValue(state)));
            if (parsed.GetValue(before) is { } end)
                request.Before = end;
            var answer = await ListAsync(client, request, parsed.GetValue(limit), cancellation);
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

    private static DeadLetterState[] States(string? name) => name switch
    {
        "retried" => [DeadLetterState.Retried],
        "discarded" => [DeadLetterState.Discarded],
        "all" =>
        [
            DeadLetterState.Open, DeadLetterState.Retrying, DeadLetterState.Retried, DeadLetterState.Discarded,
        ],
        _ => [DeadLetterState.Open, DeadLetterState.Retrying],
    };

    // A call looks at a bounded number of letters, so a rare filter takes several.
    private static async Task<ListDeadLettersResponse> ListAsync(
        ContextGridClient client, ListDeadLettersRequest request, int limit, CancellationToken cancellation)
    {
        var letters = new List<DeadLetter>();
        while (true)
        {
            request.Limit = limit - letters.Count;
            var answer = await client.ListDeadLettersAsync(request, cancellation);
            letters.AddRange(answer.DeadLetters);
            if (!answer.HasNextBefore || letters.Count >= limit)
            {
                answer.DeadLetters.Clear();
                answer.DeadLetters.AddRange(letters);
                return answer;
            }

            request.Before = answer.NextBefore;
        }
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
