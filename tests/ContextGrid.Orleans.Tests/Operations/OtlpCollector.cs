using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace ContextGrid.Orleans.Tests.Operations;

/// <summary>Takes what is sent by OTLP over HTTP. Names stand in protobuf as they are.</summary>
internal sealed class OtlpCollector : IAsyncDisposable
{
    private readonly ConcurrentQueue<(string Path, string Body)> _taken = new();
    private readonly WebApplication _app;

    private OtlpCollector(WebApplication app) => _app = app;

    /// <summary>Its address.</summary>
    internal Uri Endpoint => new(_app.Urls.Single());

    /// <summary>Starts one.</summary>
    internal static async Task<OtlpCollector> StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var collector = new OtlpCollector(builder.Build());
        collector._app.Run(collector.TakeAsync);
        await collector._app.StartAsync();
        return collector;
    }

    /// <summary>Everything that was sent to a path, as text.</summary>
    internal string Taken(string path) =>
        string.Concat(_taken.Where(t => t.Path == path).Select(t => t.Body));

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task TakeAsync(HttpContext http)
    {
        var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        _taken.Enqueue(($"{http.Request.Method} {http.Request.Path} {http.Request.ContentType}",
            Encoding.Latin1.GetString(body.ToArray())));
    }
}
