using ContextGrid.Runtime.Hosting;
using ContextGrid.Server.Http.Json;
using ContextGrid.Server.Services;

namespace ContextGrid.Server.Http;

/// <summary><c>/admin/v1</c>: the JSON twins of AdminService; <c>/healthz</c> and <c>/readyz</c>. Thread-safe.
/// </summary>
/// <param name="host">Knows whether it is ready.</param>
/// <param name="admin">The handlers that gRPC uses as well.</param>
/// <param name="time">The clock.</param>
internal sealed class AdminRoutes(IGridHost host, AdminHandlers admin, TimeProvider time)
{
    internal void Map(IEndpointRouteBuilder routes)
    {
        routes.MapRead("/admin/v1/status", http => ProtoJson.WriteAsync(http, admin.GetStatus()));
        routes.MapRead(
            "/admin/v1/definitions", http => ProtoJson.WriteAsync(http, admin.GetDefinitions()));
        routes.MapRead("/healthz", http => TextAsync(http, StatusCodes.Status200OK, "ok"));
        routes.MapRead("/readyz", ReadyAsync);
    }

    private static Task TextAsync(HttpContext http, int status, string text)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "text/plain; charset=utf-8";
        http.Response.Headers.CacheControl = "no-store";
        return http.Response.WriteAsync(text + "\n", http.RequestAborted);
    }

    // What does not make a server unready stands in the lines below.
    private Task ReadyAsync(HttpContext http)
    {
        string? reason = host.WhyNotReady(time.GetUtcNow().ToUnixTimeMilliseconds());
        int status = reason is null ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        string text = string.Join('\n', host.State.Notes.Select(n => "note: " + n).Prepend(reason ?? "ready"));
        return TextAsync(http, status, text);
    }
}
