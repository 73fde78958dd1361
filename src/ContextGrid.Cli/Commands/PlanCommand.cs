using System.CommandLine;
using ContextGrid.Cli.Output;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Cli.Commands;

/// <summary><c>contextgrid definitions explain</c>: the state that definitions need, and its bytes.</summary>
public static class PlanCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(GlobalOptions global)
    {
        var directory = Arguments.Named("DIR", "A directory with *.yaml files.");
        var entity = new Argument<string?>("ENTITY")
        {
            Description = "Only this type of entity.", Arity = ArgumentArity.ZeroOrOne,
        };
        var command = new Command("explain", "Show the state that definitions need: what is shared, tiles, bytes.")
        {
            directory, entity,
        };
        command.SetAction(parsed => Run(
            global.Console.Out,
            parsed.GetValue(global.Json),
            parsed.GetRequiredValue(directory),
            parsed.GetValue(entity)));
        return command;
    }

    private static int Run(TextWriter output, bool json, string directory, string? entity)
    {
        var read = DefinitionFiles.Read(directory);
        if (read.Set is null)
        {
            DefinitionsCommand.WriteErrors(output, json, read.Errors);
            return ExitCode.Failed;
        }

        var names = read.Set.Entities.Select(e => e.Name).ToArray();
        if (entity is not null && !names.Contains(entity, StringComparer.Ordinal))
        {
            throw new CliException(
                $"there is no entity type '{entity}'; there are {string.Join(", ", names)}.");
        }

        var plans = PlanCompiler.Compile(read.Set).Where(p => entity is null || p.Definition.Name == entity);
        var first = true;
        foreach (var plan in plans)
        {
            if (json)
                PlanJson.Write(output, plan);
            else
                output.Write((first ? "" : "\n") + PlanText.Print(plan));
            first = false;
        }

        return ExitCode.Done;
    }
}
