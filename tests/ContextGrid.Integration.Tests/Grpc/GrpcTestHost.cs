using System.Net;
using ContextGrid.Server.Grpc;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ContextGrid.Integration.Tests.Grpc;

/// <summary>Serves the given services by the real gRPC layer on a free port of 127.0.0.1.</summary>
public sealed class GrpcTestHost : IAsyncDisposable
{
    private readonly WebApplication _app;

    private GrpcTestHost(WebApplication app)
    {
        _app = app;
        var addresses = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>();
        Port = new Uri(addresses!.Addresses.First()).Port;
    }

    /// <summary>Where it listens.</summary>
    public int Port { get; }

    /// <summary>Host and port, as clients take them.</summary>
    public string Target => $"127.0.0.1:{Port}";

    /// <summary>Starts a host.</summary>
    public static Task<GrpcTestHost> StartAsync(GrpcOptions options, params GrpcService[] services) =>
        StartAsync(options, tls: null, services);

    /// <summary>Starts a host, with TLS where a hook is given.</summary>
    public static async Task<GrpcTestHost> StartAsync(
        GrpcOptions options, Action<ListenOptions>? tls, params GrpcService[] services)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.ListenGrpc(new IPEndPoint(IPAddress.Loopback, 0), options, tls));
        var app = builder.Build();
        var logger = app.Services.GetRequiredService<ILogger<GrpcDispatcher>>();
        app.UseGrpc(new GrpcDispatcher(
            services, options, TimeProvider.System, logger, app.Lifetime.ApplicationStopping));
        await app.StartAsync();
        return new GrpcTestHost(app);
    }

    /// <summary>Stops as a server does on SIGTERM.</summary>
    public Task StopAsync() => _app.StopAsync();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
