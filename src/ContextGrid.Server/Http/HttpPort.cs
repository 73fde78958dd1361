using System.Globalization;
using ContextGrid.Runtime.Hosting;
using ContextGrid.Server.Cluster;
using ContextGrid.Server.Dashboard;
using ContextGrid.Server.Grpc;
using ContextGrid.Server.Http.Metrics;
using ContextGrid.Server.Http.OpenApi;
using ContextGrid.Server.Limits;

namespace ContextGrid.Server.Http;

/// <summary>
/// The HTTP port: JSON twins of the gRPC methods, health, metrics, the description and the live page. A request passes
/// the guard, then its route; what a route throws becomes an error as JSON here and nowhere else.
/// </summary>
internal sealed partial class HttpPort : IDisposable
{
    private readonly IGridHost _host;
    private readonly GridServices _services;
    private readonly TimeProvider _time;
    private readonly CancellationToken _stopping;
    private readonly PrometheusCollector _collector;
    private readonly HttpBudget _budget;

    internal HttpPort(
        IGridHost host,
        GridServices services,
        PrometheusCollector collector,
        HttpBudget budget,
        TimeProvider time,
        CancellationToken stopping)
    {
        _budget = budget;
        _host = host;
        _services = services;
        _time = time;
        _stopping = stopping;
        _collector = collector;
        Requests = new RequestMetrics(host.Metrics.Meter);
        _ = new GridGauges(host, services, time);
    }

    /// <summary>Measures the requests of both ports.</summary>
    internal RequestMetrics Requests { get; }

    /// <summary>Puts the port's middleware and routes into the pipeline, after those of gRPC.</summary>
    internal void Map(WebApplication app)
    {
        ILogger logger = app.Services.GetRequiredService<ILogger<HttpPort>>();
        app.Use(next => http => ServeAsync(http, next, logger));
        SiloStart.Map(app, _host, _collector);

        // Named here, so that requests of the gRPC port don't pay for routing.
        app.UseRouting();
        var description = new OpenApiDocument(Services.AdminHandlers.Version);
        app.Use(next => http =>
        {
            description.Queries.Check(http);
            return next(http);
        });
        new ContextRoutes(_services, _time).Map(app);
        new EventRoutes(_services.Ingest).Map(app);
        new AdminRoutes(_host, _services.Admin, _services.Readiness).Map(app);
        new DeadLetterRoutes(_services.DeadLetters, _time).Map(app);
        new ReplayRoutes(_services.Replays, _time).Map(app);
        new WatchRoute(_services.Watch, _time, _stopping).Map(app);
        app.MapRead("/openapi.json", http => WriteAsync(http, Json.ProtoJson.ContentType, description.Text));
        app.MapRead("/metrics", http => WriteAsync(http, PrometheusText.ContentType, _collector.Collect()));
        new LivePage().Map(app);
    }

    /// <inheritdoc/>
    public void Dispose() => _collector.Dispose();

    private static Task WriteAsync(HttpContext http, string contentType, string text)
    {
        http.Response.ContentType = contentType;
        http.Response.Headers.CacheControl = "no-store";
        return HttpBudget.WriteAsync(http, text, http.RequestAborted);
    }

    private async Task ServeAsync(HttpContext http, RequestDelegate next, ILogger logger)
    {
        long started = _time.GetTimestamp();
        try
        {
            http.Features.Set(_budget);
            http.Response.Headers.XContentTypeOptions = "nosniff";
            LoopbackGuard.Check(http.Request);
            await next(http).ConfigureAwait(false);
            await ExplainEmptyAsync(http).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            HttpProblem problem = HttpErrors.From(
                e, http.RequestAborted.IsCancellationRequested, out bool isUnexpected);
            if (isUnexpected)
            {
                LogFailed(logger, http.Request.Method, http.GetEndpoint()?.DisplayName ?? "", e);
            }

            await HttpErrors.WriteAsync(http, problem).ConfigureAwait(false);
        }

        Requests.Http(http, _time.GetElapsedTime(started));
    }

    // Routing answers 404 and 405 with an empty body; a person at a prompt needs a sentence.
    private static Task ExplainEmptyAsync(HttpContext http)
    {
        HttpRequest request = http.Request;
        return http.Response.StatusCode switch
        {
            _ when http.Response.HasStarted => Task.CompletedTask,
            StatusCodes.Status404NotFound => HttpErrors.WriteAsync(http, new HttpProblem(
                StatusCodes.Status404NotFound,
                GrpcStatus.NotFound,
                $"There is no {request.Path}; /openapi.json lists what there is.",
                [])),
            StatusCodes.Status405MethodNotAllowed => HttpErrors.WriteAsync(http, new HttpProblem(
                StatusCodes.Status405MethodNotAllowed,
                GrpcStatus.Unimplemented,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{request.Path} does not take {request.Method}; it takes {http.Response.Headers.Allow}."),
                [])),
            _ => Task.CompletedTask,
        };
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The HTTP request {Method} {Route} failed.")]
    private static partial void LogFailed(ILogger logger, string method, string route, Exception exception);
}
