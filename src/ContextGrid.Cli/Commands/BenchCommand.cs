using System.CommandLine;
using ContextGrid.Cli.Output;
using ContextGrid.Client;

namespace ContextGrid.Cli.Commands;

/// <summary><c>contextgrid bench</c>: how fast reads are, in a closed loop.</summary>
public static class BenchCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(GlobalOptions global)
    {
        var (type, features) = (Arguments.Type(), Arguments.Features());
        var keys = Arguments.Keys("Keys of entities, read in turn.");
        var seconds = Arguments.Bounded("--seconds", "How long.", 5, 1, 3_600);
        var callers = Arguments.Bounded("--callers", "How many callers wait for answers at once.", 8, 1, 1_000);
        var command = new Command("bench", "Measure reads: callers that each wait for one answer before the next.")
        {
            type, keys, features, seconds, callers,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            var name = parsed.GetRequiredValue(type);
            var requests = parsed.GetRequiredValue(keys)
                .Select(key => new ContextRequest
                {
                    Entities = [new EntityId(name, key)], Features = parsed.GetValue(features) ?? [],
                })
                .ToArray();
            using var client = global.Connect(parsed);
            // All requests have the same features, and one that does not exist would be measured as nothing.
            var first = await client.GetAsync(requests[0], cancellation);
            if (await UnknownFeatures.TellAsync(global.Console, client, first, cancellation))
                return ExitCode.Failed;
            var loop = new ClosedLoop(client, requests, global.Console.Clock);
            var result = await loop.RunAsync(
                parsed.GetValue(callers), TimeSpan.FromSeconds(parsed.GetValue(seconds)), cancellation);
            Write(global, parsed.GetValue(global.Json), parsed.GetValue(callers), result);
            return ExitCode.Done;
        });
        return command;
    }

    private static void Write(GlobalOptions global, bool json, int callers, ClosedLoopResult result)
    {
        var output = global.Console.Out;
        if (json)
        {
            JsonLine.Write(output, line =>
            {
                line.WriteString("kind", "closed_loop");
                line.WriteNumber("callers", callers);
                line.WriteNumber("calls", result.Calls);
                line.WriteNumber("seconds", result.Elapsed.TotalSeconds);
                line.WriteNumber("calls_per_second", result.CallsPerSecond);
                foreach (var (percent, ms) in result.PercentilesMs)
                    line.WriteNumber(FormattableString.Invariant($"p{percent}_ms"), ms);
            });
            return;
        }

        output.WriteLine($"{Units.Count((long)result.CallsPerSecond)} GetContext calls/s, {callers} callers, "
            + $"{Units.Count(result.Calls)} calls in {Units.Duration(result.Elapsed)}");
        foreach (var (percent, ms) in result.PercentilesMs)
            output.WriteLine(FormattableString.Invariant($"p{percent,-5} {ms,8:0.000} ms"));
        output.WriteLine("Closed loop: a slow answer delays the next question, so waiting is not in the percentiles; "
            + "this client takes its share of the CPU when the server is on the same machine.");
    }
}
