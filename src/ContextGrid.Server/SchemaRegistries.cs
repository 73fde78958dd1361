using ContextGrid.Adapters.SchemaRegistry;
using ContextGrid.Adapters.SchemaRegistry.Outputs;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Queries;
using ContextGrid.Runtime.Codecs;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Outputs;

namespace ContextGrid.Server;

/// <summary>The schema registry of a server, if it has one. Owned by whoever opened it.</summary>
internal sealed class SchemaRegistries : IDisposable
{
    /// <summary>The environment variable that holds the credentials.</summary>
    internal const string AuthorizationVariable = "CONTEXTGRID_SCHEMA_REGISTRY_AUTH";

    /// <summary>What the option of the address is for.</summary>
    internal const string Help = "URL of the schema registry of Avro and Protobuf events; credentials "
        + "(user:password, a token, or @FILE) come from " + AuthorizationVariable;

    private readonly SchemaRegistryClient? _client;

    private SchemaRegistries(SchemaRegistryClient? client) => _client = client;

    /// <summary>Makes the decoders of events.</summary>
    internal EventDecoderFactory Decoders =>
        _client is null ? PlainDecoders.Create : new SchemaDecoders(_client).Create;

    /// <summary>Makes the encoders of outputs.</summary>
    /// <exception cref="HostStartException">An output needs a registry, and there is none.</exception>
    internal IOutputEncoder EncoderOf(OutputDefinition output, FeatureSelection selection) =>
        output.Format == OutputFormat.Json ? new JsonOutputEncoder(selection)
        : _client is not null ? new AvroOutputEncoder(_client, output, selection)
        : throw new HostStartException(
            $"Output '{output.Name}' of entity '{selection.Plan.Definition.Name}' is written in Avro, which needs a "
            + "schema registry: start with --schema-registry URL.");

    /// <summary>Opens what the options name; asks nothing of it yet.</summary>
    /// <exception cref="HostStartException">The address or the credentials can't be used.</exception>
    internal static SchemaRegistries Open(ServerOptions options, TimeProvider time)
    {
        if (options.SchemaRegistry is not { } address)
        {
            return new SchemaRegistries(null);
        }

        try
        {
            string? secret = Environment.GetEnvironmentVariable(AuthorizationVariable);
            return new SchemaRegistries(new SchemaRegistryClient(
                new SchemaRegistryOptions
                {
                    Address = SchemaRegistryOptions.ParseAddress(address),
                    Credentials = RegistryCredentials.Parse(secret),
                },
                time));
        }
        catch (ArgumentException e)
        {
            throw new HostStartException(e.Message, e);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _client?.Dispose();
}
