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
