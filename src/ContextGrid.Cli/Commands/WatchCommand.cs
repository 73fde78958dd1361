using System.CommandLine;
using ContextGrid.Cli.Output;
using ContextGrid.Client;

namespace ContextGrid.Cli.Commands;

/// <summary><c>contextgrid watch</c>: entities, whenever they change.</summary>
public static class WatchCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(GlobalOptions global)
    {
        var type = Arguments.Type();
        var keys = Arguments.Keys("Keys of entities.");
        var features = Arguments.Features();
        var command = new Command("watch", "Show entities now and whenever they change, until Ctrl-C.")
        {
            type, keys, features,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            var name = parsed.GetRequiredValue(type);
            var request = new WatchRequest
            {
                Entities = [.. parsed.GetRequiredValue(keys).Select(key => new EntityId(name, key))],
                Features = parsed.GetValue(features) ?? [],
            };
            using var client = global.Connect(parsed);
            try
            {
                await RunAsync(global, parsed.GetValue(global.Json), client, request, cancellation);
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                // Ctrl-C is how a watch is meant to end.
            }

            return ExitCode.Done;
        });
        return command;
    }

    // A watch that has begun outlives a restart of the server; one that never began fails at once.
    private static async Task RunAsync(
        GlobalOptions global, bool json, ContextGridClient client, WatchRequest request, CancellationToken cancellation)
    {
        var (token, isTold) = (ReadOnlyMemory<byte>.Empty, false);
        for (var isLost = false; ;)
        {
            try
            {
                await foreach (var change in client.WatchAsync(request with { ResumeToken = token }, cancellation))
                {
                    (token, isLost) = (change.ResumeToken, false);
                    Write(global, json, change);
                    if (!isTold)
                        await UnknownFeatures.TellAsync(global.Console, client, change.Context, cancellation);
                    isTold = true;
                }
            }
            catch (ContextGridException e) when (e.StatusCode == GrpcStatusCode.Unavailable && !token.IsEmpty)
            {
                if (!isLost)
                    global.Console.Error.WriteLine("The connection is lost; trying again every second until Ctrl-C.");
                isLost = true;
                await Task.Delay(TimeSpan.FromSeconds(1), global.Console.Clock, cancellation);
            }
        }
    }

    private static void Write(GlobalOptions global, bool json, ContextChange change)
    {
        if (json)
            ContextJson.Write(global.Console.Out, change.Context);
        else
            ContextLines.Write(global.Console.Out, change);
        global.Console.Out.Flush();
    }
}
