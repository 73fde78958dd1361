using System.Text.Json;
using System.Text.Json.Nodes;
using ContextGrid.Contracts.Rpc;
using ContextGrid.Contracts.V1;

namespace ContextGrid.Server.Http.OpenApi;

/// <summary>The description of the HTTP port: routes written by hand in <c>openapi.json</c>, and the schemas of
/// messages from the descriptors of the very code that reads and writes them. Immutable.
/// Source: https://spec.openapis.org/oas/v3.1.0.</summary>
internal sealed class OpenApiDocument
{
    private const string Resource = "openapi.json";

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>Builds the document.</summary>
    /// <param name="version">The product's version.</param>
    internal OpenApiDocument(string version)
    {
        using Stream stream = typeof(OpenApiDocument).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"The assembly has no resource {Resource}.");
        JsonObject root = JsonNode.Parse(stream)?.AsObject()
            ?? throw new InvalidOperationException($"The resource {Resource} is empty.");
        var schemas = new MessageSchemas();
        foreach (var file in new[]
        {
            ContextReflection.Descriptor, IngestReflection.Descriptor, AdminReflection.Descriptor,
        })
        {
            foreach (var message in file.MessageTypes)
            {
                schemas.Add(message);
            }
        }

        schemas.Add(Status.Descriptor);
        (root["info"] as JsonObject)?["version"] = version;
        (root["components"] as JsonObject)?["schemas"] = schemas.Schemas;
        Text = root.ToJsonString(Indented) + "\n";
        Queries = new QueryNames(root);
    }

    /// <summary>The document as JSON.</summary>
    internal string Text { get; }

    /// <summary>What may stand in the queries of its routes.</summary>
    internal QueryNames Queries { get; }
}
