using ContextGrid.Runtime.Hosting;
using ContextGrid.Server.Http.Json;
using ContextGrid.Server.Services;

namespace ContextGrid.Server.Http;

/// <summary><c>/admin/v1</c>: the JSON twins of AdminService; <c>/healthz</c> and <c>/readyz</c>. Thread-safe.
/// </summary>
/// <param name="host">Has the notes.</param>
/// <param name="admin">The handlers that gRPC uses as well.</param>
/// <param name="readiness">Whether it is ready.</param>
internal sealed class AdminRoutes(IGridHost host, AdminHandlers admin, Readiness readiness)
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
        string? reason = readiness.WhyNot();
        int status = reason is null ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        string text = string.Join('\n', host.State.Notes.Select(n => "note: " + n).Prepend(reason ?? "ready"));
        return TextAsync(http, status, text);
    }
}
