using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace ContextGrid.TestKit.Grpc;

/// <summary>
/// A gRPC server for tests of clients: Kestrel on a free port of 127.0.0.1, handlers by path, the framing by hand.
/// It shares no code with the server's own layer, so that a client's test does not depend on it.
/// </summary>
public sealed class FakeGrpcServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, Func<FakeGrpcCall, Task>> _handlers = new();

    private FakeGrpcServer(WebApplication app) => _app = app;

    /// <summary>The address, once started.</summary>
    public Uri Address => new(_app.Urls.First());

    /// <summary>How many calls arrived.</summary>
    public int Calls;

    /// <summary>Starts a server.</summary>
    public static async Task<FakeGrpcServer> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Listen(System.Net.IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2);
        });
        var app = builder.Build();
        var server = new FakeGrpcServer(app);
        app.Run(server.HandleAsync);
        await app.StartAsync();
        return server;
    }

    /// <summary>Sets the handler of a method, such as "/contextgrid.v1.AdminService/GetStatus".</summary>
    public void On(string path, Func<FakeGrpcCall, Task> handler) => _handlers[path] = handler;

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task HandleAsync(HttpContext http)
    {
        Interlocked.Increment(ref Calls);
        var call = new FakeGrpcCall(http);
        if (!_handlers.TryGetValue(http.Request.Path, out var handler))
            call.Fail(12, $"no method {http.Request.Path}");
        else
            await handler(call);
        call.End();
    }
}
