using System.Collections.Immutable;
using System.CommandLine;
using ContextGrid.Cli.Output;
using ContextGrid.Cli.Publishing;
using ContextGrid.Cli.Scaffolding;
using ContextGrid.Contracts.V1;
using ContextGrid.Core.Definitions;
using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Cli.Commands;

/// <summary>
/// <c>contextgrid definitions</c>: propose and check files, show what state they ask for, list what is in force.
/// </summary>
public static class DefinitionsCommand
{
    /// <summary>Makes the command with its subcommands.</summary>
    public static Command Create(GlobalOptions global) => new("definitions", "Check, explain and list definitions.")
    {
        Validate(global),
        PlanCommand.Create(global),
        ScaffoldCommand.Create(global),
        List(global),
    };

    /// <summary>Writes what is wrong with definitions, a line each, and for people how much it is.</summary>
    internal static void WriteErrors(TextWriter output, bool json, ImmutableArray<DefinitionError> errors)
    {
        foreach (var error in errors)
        {
            if (json)
                ErrorJson.Write(output, error);
            else
                output.WriteLine($"{error.File}:{error.Line}:{error.Column}: {error.Message}");
        }

        if (!json && !errors.IsEmpty)
            output.WriteLine(errors.Length == 1 ? "1 error." : $"{errors.Length} errors.");
    }

    private static Command Validate(GlobalOptions global)
    {
        var directory = Arguments.Named("DIR", "A directory with *.yaml files.");
        var samples = new Option<string[]>("--sample")
        {
            Description = "Records of an event, one a line, plain or gzip; warns of fields that none of them has. With "
                + "several events: EVENT=FILE; may be given for each.",
            HelpName = "[EVENT=]FILE",
        };
        var command = new Command("validate", "Check a directory of definitions, without a server.")
        {
            directory, samples,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            var read = DefinitionFiles.Read(parsed.GetRequiredValue(directory));
            var json = parsed.GetValue(global.Json);
            WriteErrors(global.Console.Out, json, read.Errors);
            if (read.Set is not { } set)
                return ExitCode.Failed;
            foreach (var sample in parsed.GetValue(samples) ?? [])
                await CheckSampleAsync(global.Console, set, sample, json, cancellation);
            if (!json)
                global.Console.Out.WriteLine("The definitions are valid.");
            return ExitCode.Done;
        });
        return command;
    }

    private static async Task CheckSampleAsync(
        CliConsole console, DefinitionSet set, string sample, bool json, CancellationToken cancellation)
    {
        var (check, file) = SampleCheck.For(set, sample);
        using var input = InputFile.Open(file, console, "--sample");
        await check.ReadAsync(input.Content, cancellation);
        string[] warnings = [.. check.Warnings()];
        foreach (var warning in warnings)
        {
            if (json)
                JsonLine.Write(console.Out, line =>
                {
                    line.WriteString("file", file);
                    line.WriteString("event", check.Event);
                    line.WriteString("warning", warning);
                });
            else
                console.Out.WriteLine($"{file}: warning: event '{check.Event}': {warning}");
        }

        if (warnings.Length == 0)
            WriteGood(console, check, file, json);
    }

    // Silence would look as if the sample had not been read.
    private static void WriteGood(CliConsole console, SampleCheck check, string file, bool json)
    {
        if (json)
            JsonLine.Write(console.Out, line =>
            {
                line.WriteString("file", file);
                line.WriteString("event", check.Event);
                line.WriteNumber("records", check.Records);
            });
        else
            console.Out.WriteLine(
                $"{file}: event '{check.Event}': {Units.Count(check.Records, "record")}, nothing to warn of");
    }

    private static Command List(GlobalOptions global)
    {
        var command = new Command("list", "List the definitions that are in force at the server.");
        command.SetAction(async (parsed, cancellation) =>
        {
            using var client = global.Connect(parsed);
            var answer = await client.GetDefinitionsAsync(cancellation);
            if (parsed.GetValue(global.Json))
                MessageJson.Write(global.Console.Out, answer);
            else
                Write(global.Console.Out, answer);
            return ExitCode.Done;
        });
        return command;
    }

    private static void Write(TextWriter output, GetDefinitionsResponse answer)
    {
        foreach (var topic in answer.Topics)
            output.WriteLine($"topic {topic.Topic}: event {topic.Event}, {Units.Count(topic.Partitions, "partition")}");
        foreach (var entity in answer.Entities)
        {
            output.WriteLine($"{entity.Type}, version {entity.Version}");
            var width = entity.Features.Select(f => f.Name.Length).DefaultIfEmpty(0).Max();
            foreach (var feature in entity.Features)
                output.WriteLine($"  {feature.Name.PadRight(width)}  {feature.Type,-9}  {feature.Text}");
        }
    }
}
