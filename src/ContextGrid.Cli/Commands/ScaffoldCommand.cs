using System.CommandLine;
using ContextGrid.Adapters.SchemaRegistry;
using ContextGrid.Cli.Publishing;
using ContextGrid.Cli.Scaffolding;
using ContextGrid.Core.Definitions;
using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Cli.Commands;

/// <summary>
/// <c>contextgrid definitions scaffold</c>: proposes a definition for a topic, from the registry's schema of its values
/// or from a sample of its records. What it prints is valid; a person decides which features stay.
/// </summary>
public static class ScaffoldCommand
{
    private const string SecretVariable = "CONTEXTGRID_SCHEMA_REGISTRY_AUTH";

    /// <summary>Makes the command.</summary>
    public static Command Create(GlobalOptions global)
    {
        var topic = new Option<string>("--topic")
        {
            Description = "The topic.", HelpName = "T", Required = true,
        };
        var registry = new Option<string?>("--schema-registry")
        {
            Description = $"The schema registry that has the subject T-value; its credentials: {SecretVariable}.",
            HelpName = "URL",
        };
        var file = new Option<string?>("--file")
        {
            Description = "A sample: one JSON object a line; - for stdin.", HelpName = "SAMPLE",
        };
        var command = new Command("scaffold", "Propose a definition for a topic, from its schema or a sample.")
        {
            topic, registry, file,
        };
        command.Validators.Add(result =>
        {
            if (result.GetResult(registry) is null == result.GetResult(file) is null)
                result.AddError("Give either --schema-registry URL or --file SAMPLE.");
        });
        command.SetAction(async (parsed, cancellation) =>
        {
            var name = parsed.GetRequiredValue(topic);
            var (format, fields) = parsed.GetValue(registry) is { } address
                ? await FromRegistryAsync(address, name, cancellation)
                : (EventFormat.Json, await FromSampleAsync(parsed.GetValue(file) ?? "-", global.Console, cancellation));
            global.Console.Out.Write(Propose(name, format, fields));
            return ExitCode.Done;
        });
        return command;
    }

    private static string Propose(string topic, EventFormat format, IReadOnlyList<FieldSketch> fields)
    {
        var roles = FieldRoles.Choose(topic, fields) ?? throw new CliException(
            "no field can be the key of an entity: that takes a string or an integer, such as user_id.");
        var yaml = DefinitionSketch.Write(topic, format, fields, roles);
        var read = DefinitionFiles.Parse("proposal", yaml);
        return read.Errors.IsEmpty
            ? yaml
            : throw new CliException($"no valid definition could be proposed: {read.Errors[0].Message}");
    }

    private static async Task<(EventFormat, IReadOnlyList<FieldSketch>)> FromRegistryAsync(
        string address, string topic, CancellationToken cancellation)
    {
        var subject = $"{topic}-value";
        try
        {
            var options = new SchemaRegistryOptions
            {
                Address = SchemaRegistryOptions.ParseAddress(address),
                Credentials = RegistryCredentials.Parse(Environment.GetEnvironmentVariable(SecretVariable)),
            };
            using var client = new SchemaRegistryClient(options, TimeProvider.System);
            var schema = await client.GetLatestAsync(subject, cancellation)
                ?? throw new CliException($"the schema registry has no subject '{subject}'; or use --file SAMPLE.");
            return (schema.Format, [.. schema.Fields.Select(f => new FieldSketch(f.Name, f.Type, 0))]);
        }
        catch (ArgumentException e)
        {
            throw new CliException(e.Message, ExitCode.WrongUse);
        }
        catch (Exception e) when (e is SchemaUnavailableException or FormatException)
        {
            throw new CliException(e.Message);
        }
    }

    private static async Task<IReadOnlyList<FieldSketch>> FromSampleAsync(
        string path, CliConsole console, CancellationToken cancellation)
    {
        using var input = InputFile.Open(path, console);
        var sample = new SampleFields();
        var lines = new LineReader(input.Content, JsonEventDecoder.PayloadBytesMax);
        while (sample.Records < SampleFields.RecordsMax && await lines.ReadAsync(cancellation))
        {
            if (!lines.IsTooLong && lines.Line.Span.ContainsAnyExcept(" \t\r"u8))
                sample.Add(lines.Line, lines.Number);
        }

        return sample.Records > 0 ? sample.ToFields() : throw new CliException("the sample has no record.");
    }
}
