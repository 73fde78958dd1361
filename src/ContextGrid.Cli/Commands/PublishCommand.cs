using System.CommandLine;
using ContextGrid.Cli.Publishing;
using ContextGrid.Client;
using ContextGrid.Contracts.V1;

namespace ContextGrid.Cli.Commands;

/// <summary><c>contextgrid publish</c>: events from a file or stdin, one JSON object a line.</summary>
public static class PublishCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(GlobalOptions global)
    {
        var (topic, key, file, format) = (Topic(), Key(), File(), Format());
        var batch = Arguments.Bounded("--batch", "Events a message.", 2_000, 1, 10_000);
        var from = Arguments.Bounded("--from", "The first line to publish.", 1, 1, int.MaxValue);
        var rate = Arguments.Bounded("--rate", "Events a second at most; 0: no limit.", 0, 0, 10_000_000);
        var keep = new Option<bool>("--dead-letter-invalid")
        {
            Description = "Keep events that are not valid among the dead letters instead of refusing them.",
        };
        var headers = Headers();
        var command = new Command("publish", "Publish events, one JSON object a line.")
        {
            topic, key, file, format, batch, from, keep, rate, headers,
        };
        command.SetAction((parsed, cancellation) =>
        {
            var perSecond = parsed.GetValue(rate);
            // Ten batches a second keep a slow rate even.
            var size = perSecond > 0 ? Math.Clamp(perSecond / 10, 1, parsed.GetValue(batch)) : parsed.GetValue(batch);
            var plan = new PublishPlan(
                parsed.GetRequiredValue(topic)!, // Required, and not empty.
                parsed.GetValue(key),
                size,
                parsed.GetValue(from),
                parsed.GetValue(keep) ? InvalidEvents.DeadLetter : InvalidEvents.Refuse,
                perSecond)
            {
                Headers = parsed.GetValue(headers) ?? [],
            };
            return RunAsync(global, parsed, plan, parsed.GetValue(file) ?? "-", cancellation);
        });
        return command;
    }

    private static Option<string?> Topic()
    {
        var topic = Arguments.Text("--topic", "The topic.", "TOPIC");
        topic.Required = true;
        return topic;
    }

    private static Option<string?> Key() => Arguments.Text(
        "--key", "The member that holds the partitioning key; without it, what the definition says.", "FIELD");

    private static Option<RecordHeader[]> Headers() => new("--header")
    {
        Description = "A header of every record, which fields 'from header NAME' read; may be given several times.",
        HelpName = "NAME=VALUE",
        AllowMultipleArgumentsPerToken = false,
        CustomParser = result =>
        {
            var headers = new List<RecordHeader>();
            foreach (var token in result.Tokens)
            {
                var at = token.Value.IndexOf('=', StringComparison.Ordinal);
                if (at > 0)
                    headers.Add(new RecordHeader { Name = token.Value[..at], Value = token.Value[(at + 1)..] });
                else
                    result.AddError($"--header '{token.Value}' is not of the form NAME=VALUE");
            }

            return [.. headers];
        },
    };

    private static Option<string> File() => new("--file")
    {
        Description = "A file, plain or .gz; '-' (the default) is stdin.",
        HelpName = "FILE",
        DefaultValueFactory = _ => "-",
    };

    private static Option<string> Format()
    {
        var format = new Option<string>("--format")
        {
            Description = "Only ndjson: one JSON object a line.", DefaultValueFactory = _ => "ndjson",
        };
        format.AcceptOnlyFromAmong("ndjson");
        return format;
    }

    private static async Task<int> RunAsync(
        GlobalOptions global, ParseResult parsed, PublishPlan plan, string file, CancellationToken cancellation)
    {
        var console = global.Console;
        using var client = global.Connect(parsed);
        using var input = InputFile.Open(file, console);
        var publisher = new Publisher(plan, input.Content, console.Clock);
        var progress = new PublishProgress(console, input, publisher);
        bool finished = false, isRefused = false;
        try
        {
            await publisher.RunAsync(client, progress.Show, cancellation);
            finished = true;
        }
        catch (ContextGridException e)
        {
            // The server has looked at the request and wants none of it, or has never seen it.
            isRefused = !e.RequestSent || e.StatusCode is GrpcStatusCode.NotFound or GrpcStatusCode.InvalidArgument
                or GrpcStatusCode.PermissionDenied or GrpcStatusCode.Unauthenticated or GrpcStatusCode.Unimplemented;
            throw;
        }
        finally
        {
            progress.Clear();
            PublishReport.Write(
                console, parsed.GetValue(global.Json), publisher, finished, isRefused || !publisher.HasSent);
        }

        return publisher.Tally.Refused == 0 ? ExitCode.Done : ExitCode.Failed;
    }
}
