using System.Globalization;
using ContextGrid.Contracts.V1;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Server.Http.Json;
using ContextGrid.Server.Services;

namespace ContextGrid.Server.Http;

/// <summary><c>/admin/v1</c>: the JSON twins of AdminService; <c>/healthz</c> and <c>/readyz</c>. Thread-safe.
/// </summary>
/// <param name="host">Knows whether it is ready.</param>
/// <param name="admin">The handlers that gRPC uses as well.</param>
/// <param name="time">The clock.</param>
internal sealed class AdminRoutes(EmbeddedHost host, AdminHandlers admin, TimeProvider time)
{
    internal void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/admin/v1/status", (HttpContext http) => ProtoJson.WriteAsync(http, admin.GetStatus()));
        routes.MapGet(
            "/admin/v1/definitions", (HttpContext http) => ProtoJson.WriteAsync(http, admin.GetDefinitions()));
        routes.MapGet("/admin/v1/dead-letters", ListDeadLettersAsync);
        routes.MapGet("/admin/v1/dead-letters/{id}", GetDeadLetterAsync);
        routes.MapGet("/healthz", (HttpContext http) => TextAsync(http, StatusCodes.Status200OK, "ok"));
        routes.MapGet("/readyz", ReadyAsync);
    }

    private static Task TextAsync(HttpContext http, int status, string text)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "text/plain; charset=utf-8";
        http.Response.Headers.CacheControl = "no-store";
        return http.Response.WriteAsync(text + "\n", http.RequestAborted);
    }

    private Task ReadyAsync(HttpContext http) =>
        host.WhyNotReady(time.GetUtcNow().ToUnixTimeMilliseconds()) is { } reason
            ? TextAsync(http, StatusCodes.Status503ServiceUnavailable, reason)
            : TextAsync(http, StatusCodes.Status200OK, "ready");

    private async Task ListDeadLettersAsync(HttpContext http)
    {
        IQueryCollection query = http.Request.Query;
        string limit = query["limit"].ToString();
        int number = 0;
        ContextRequests.Require(
            limit.Length == 0 || int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out number),
            "limit",
            $"it must be a number within 0 and {DeadLetterReader.LimitMax}");
        var request = new ListDeadLettersRequest
        {
            Limit = number,
            Topic = query["topic"].ToString(),
            Reason = query["reason"].ToString(),
        };
        await ProtoJson.WriteAsync(
            http, await admin.ListDeadLettersAsync(request, http.RequestAborted).ConfigureAwait(false))
            .ConfigureAwait(false);
    }

    private async Task GetDeadLetterAsync(HttpContext http)
    {
        bool valid = long.TryParse(
            http.Request.RouteValues["id"] as string, NumberStyles.None, CultureInfo.InvariantCulture, out long id);
        ContextRequests.Require(valid, "id", "it must be the number of a dead letter");
        DeadLetter letter = await admin
            .GetDeadLetterAsync(new GetDeadLetterRequest { Id = id }, http.RequestAborted).ConfigureAwait(false);
        await ProtoJson.WriteAsync(http, letter).ConfigureAwait(false);
    }
}
