using System.Collections.Frozen;
using System.Text.Json.Nodes;
using ContextGrid.Core.Expressions;
using ContextGrid.Server.Services;

namespace ContextGrid.Server.Http.OpenApi;

/// <summary>The names that queries may have, as the description says: a name that is misspelt must not mean "without
/// it", such as a bound that bounds nothing. Immutable.</summary>
internal sealed class QueryNames
{
    private readonly FrozenDictionary<string, string[]> _ofRoute;

    /// <summary>Reads the names of each route.</summary>
    /// <param name="description">The description of the port.</param>
    internal QueryNames(JsonObject description)
    {
        var shared = description["components"]?["parameters"]?.AsObject();
        _ofRoute = (description["paths"]?.AsObject() ?? []).ToFrozenDictionary(
            path => path.Key,
            path => (path.Value?.AsObject() ?? [])
                .SelectMany(operation => operation.Value?["parameters"]?.AsArray() ?? [])
                .Select(p => p?["$ref"] is { } r ? shared?[r.GetValue<string>().Split('/')[^1]] : p)
                .Where(p => p?["in"]?.GetValue<string>() == "query")
                .Select(p => p?["name"]?.GetValue<string>() ?? "")
                .Distinct()
                .ToArray(),
            StringComparer.Ordinal);
    }

    /// <summary>Checks the query of a request whose route is known. Routes without any name take every query: probes
    /// and browsers add their own.</summary>
    /// <exception cref="Grpc.GrpcException">INVALID_ARGUMENT: a name is unknown, or its value is empty.</exception>
    internal void Check(HttpContext http)
    {
        if (!http.Request.QueryString.HasValue
            || http.GetEndpoint() is not RouteEndpoint { RoutePattern.RawText: { } route }
            || !_ofRoute.TryGetValue(route, out string[]? names)
            || names.Length == 0)
        {
            return;
        }

        foreach ((string name, var values) in http.Request.Query)
        {
            ContextRequests.Require(
                names.Contains(name), name, "the query has no such name" + NearestName.Suggest(name, names));
            ContextRequests.Require(
                values.All(v => !string.IsNullOrEmpty(v)), name, "the value is empty; give one, or leave the name out");
        }
    }
}
