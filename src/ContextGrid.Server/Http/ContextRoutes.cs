using ContextGrid.Contracts.V1;
using ContextGrid.Server.Http.Json;

namespace ContextGrid.Server.Http;

/// <summary><c>POST /v1/context</c> and <c>POST /v1/explain</c>: the JSON twins of ContextService. Thread-safe.
/// </summary>
/// <param name="services">The handlers that gRPC uses as well.</param>
/// <param name="time">The clock of deadlines.</param>
internal sealed class ContextRoutes(GridServices services, TimeProvider time)
{
    internal void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/v1/context", GetAsync);
        routes.MapPost("/v1/explain", ExplainAsync);
    }

    private async Task GetAsync(HttpContext http)
    {
        GetContextRequest request = await ProtoJson.ReadAsync<GetContextRequest>(http).ConfigureAwait(false);
        GetContextResponse response = await HttpDeadline
            .RunAsync(http, time, token => services.Context.GetContextAsync(request, token)).ConfigureAwait(false);
        await ProtoJson.WriteAsync(http, response).ConfigureAwait(false);
    }

    private async Task ExplainAsync(HttpContext http)
    {
        ExplainRequest request = await ProtoJson.ReadAsync<ExplainRequest>(http).ConfigureAwait(false);
        ExplainResponse response = await HttpDeadline
            .RunAsync(http, time, token => services.Explain.ExplainAsync(request, token)).ConfigureAwait(false);
        await ProtoJson.WriteAsync(http, response).ConfigureAwait(false);
    }
}
