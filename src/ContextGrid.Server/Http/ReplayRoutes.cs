using ContextGrid.Contracts.V1;
using ContextGrid.Server.Http.Json;
using ContextGrid.Server.Services;
using Google.Protobuf;

namespace ContextGrid.Server.Http;

/// <summary><c>/admin/v1/replays</c>: the JSON twins of AdminService's replays. Thread-safe.</summary>
/// <param name="replays">The handlers that gRPC uses as well.</param>
/// <param name="time">The clock of deadlines.</param>
internal sealed class ReplayRoutes(ReplayHandlers replays, TimeProvider time)
{
    internal void Map(IEndpointRouteBuilder routes)
    {
        routes.MapRead("/admin/v1/replays", http => AnswerAsync(http, replays.ListAsync));
        routes.MapPost("/admin/v1/replays", StartAsync);
        routes.MapRead("/admin/v1/replays/{id}", http => AnswerAsync(
            http, token => replays.GetAsync(new GetReplayRequest { Id = IdOf(http) }, token)));
        routes.MapDelete("/admin/v1/replays/{id}", http => AnswerAsync(
            http, token => replays.RemoveAsync(new RemoveReplayRequest { Id = IdOf(http) }, token)));
        routes.MapPost("/admin/v1/replays/{id}/cancel", http => AnswerAsync(
            http, token => replays.CancelAsync(new CancelReplayRequest { Id = IdOf(http) }, token)));
    }

    private static string IdOf(HttpContext http) => http.Request.RouteValues["id"] as string ?? "";

    private async Task StartAsync(HttpContext http)
    {
        var request = await ProtoJson.ReadAsync<StartReplayRequest>(http).ConfigureAwait(false);
        await AnswerAsync(http, token => replays.StartAsync(request, token)).ConfigureAwait(false);
    }

    private async Task AnswerAsync<T>(HttpContext http, Func<CancellationToken, ValueTask<T>> handler)
        where T : IMessage
    {
        T response = await HttpDeadline.RunAsync(http, time, handler).ConfigureAwait(false);
        await ProtoJson.WriteAsync(http, response).ConfigureAwait(false);
    }
}
