using System.CommandLine;
using ContextGrid.Cli.Output;
using ContextGrid.Client;
using ContextGrid.Contracts.V1;
using ContextGrid.Core.Expressions;
using ContextGrid.Core.Model;

namespace ContextGrid.Cli.Commands;

/// <summary><c>contextgrid get</c>: the features of one entity.</summary>
public static class GetCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(GlobalOptions global)
    {
        var (type, key, features, asOf) =
            (Arguments.Type(), Arguments.Key(), Arguments.Features(), Arguments.AsOf());
        var staleness = Arguments.Duration("--max-staleness", "Refuse when a source is further behind than this.");
        var command = new Command("get", "Read the features of one entity.")
        {
            type, key, features, asOf, staleness,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            var head = parsed.GetValue(asOf);
            var request = new ContextRequest
            {
                Entities = [new EntityId(parsed.GetRequiredValue(type), parsed.GetRequiredValue(key))],
                Features = parsed.GetValue(features) ?? [],
                AsOf = head.AsOf,
                Newest = head.Newest,
                MaxStaleness = parsed.GetValue(staleness),
            };
            using var client = global.Connect(parsed);
            try
            {
                var answer = await client.GetAsync(request, cancellation);
                Write(global, parsed, answer);
                return await UnknownFeatures.TellAsync(global.Console, client, answer, cancellation)
                    ? ExitCode.Failed
                    : ExitCode.Done;
            }
            catch (ContextGridException e) when (e.RefusedAnswer is { } answer)
            {
                Write(global, parsed, answer);
                throw;
            }
        });
        return command;
    }

    private static void Write(GlobalOptions global, ParseResult parsed, ContextResult answer)
    {
        if (parsed.GetValue(global.Json))
            ContextJson.Write(global.Console.Out, answer);
        else
            ContextTable.Write(global.Console, answer);
    }
}
