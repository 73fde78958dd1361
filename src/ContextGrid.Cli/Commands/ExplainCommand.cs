using System.CommandLine;
using ContextGrid.Cli.Output;
using ContextGrid.Client;

namespace ContextGrid.Cli.Commands;

/// <summary><c>contextgrid explain</c>: how one value came about.</summary>
public static class ExplainCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(GlobalOptions global)
    {
        var (type, key, asOf) = (Arguments.Type(), Arguments.Key(), Arguments.AsOf());
        var feature = Arguments.Named("FEATURE", "The feature's name.");
        var command = new Command("explain", "Say how one feature's value came about.")
        {
            type, key, feature, asOf,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            var head = parsed.GetValue(asOf);
            using var client = global.Connect(parsed);
            var answer = await client.ExplainAsync(
                new EntityId(parsed.GetRequiredValue(type), parsed.GetRequiredValue(key)),
                parsed.GetRequiredValue(feature),
                head.AsOf,
                head.Newest,
                cancellation);
            if (parsed.GetValue(global.Json))
                MessageJson.Write(global.Console.Out, answer);
            else
                Explanation.Write(global.Console.Out, answer);
            return ExitCode.Done;
        });
        return command;
    }
}
