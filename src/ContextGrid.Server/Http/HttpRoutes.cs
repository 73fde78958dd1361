using ContextGrid.Runtime.Embedded;

namespace ContextGrid.Server.Http;

/// <summary>The HTTP port: JSON twins of the gRPC methods, health, metrics and the live page.</summary>
internal static class HttpRoutes
{
    internal static void MapGrid(this WebApplication app, EmbeddedHost host, GridServices services, TimeProvider time)
    {
        app.MapGet("/healthz", () => "ok\n");
        app.MapGet("/readyz", () => host.WhyNotReady(time.GetUtcNow().ToUnixTimeMilliseconds()) is { } reason
            ? Results.Text(reason + "\n", statusCode: StatusCodes.Status503ServiceUnavailable)
            : Results.Text("ready\n"));
        app.MapGet("/v1/status", () => services.Admin.GetStatus().ToString());
    }
}
