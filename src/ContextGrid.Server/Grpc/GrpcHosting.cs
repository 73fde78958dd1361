using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace ContextGrid.Server.Grpc;

/// <summary>Opens the gRPC port in Kestrel and puts the dispatcher behind it.</summary>
public static class GrpcHosting
{
    /// <summary>Listens for gRPC. Without a TLS hook the port speaks HTTP/2 in clear text with prior knowledge (h2c).
    /// </summary>
    /// <param name="kestrel">The server.</param>
    /// <param name="address">Where to listen; port 0: any free port.</param>
    /// <param name="options">Limits; those of HTTP/2 hold for every HTTP/2 port of the process.</param>
    /// <param name="tls">Sets TLS up, such as <c>listen => listen.UseHttps(certificate)</c>; null: clear text.</param>
    public static void ListenGrpc(
        this KestrelServerOptions kestrel, IPEndPoint address, GrpcOptions options, Action<ListenOptions>? tls = null)
    {
        var http2 = kestrel.Limits.Http2;
        http2.MaxStreamsPerConnection = options.StreamsPerConnectionMax;
        http2.InitialStreamWindowSize = options.StreamWindowBytes;
        http2.InitialConnectionWindowSize = options.ConnectionWindowBytes;
        http2.KeepAlivePingDelay = options.PingDelay;
        http2.KeepAlivePingTimeout = options.PingTimeout;
        kestrel.Limits.MaxConcurrentConnections = options.ConnectionsMax;
        kestrel.AddServerHeader = false;

        // A client of a stream may rest as long as it likes: pings find dead connections, deadlines end calls, and what
        // waits for a slow client is bounded by the connection's buffers.
        kestrel.Limits.MinResponseDataRate = null;

        kestrel.Listen(address, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            tls?.Invoke(listen);
            listen.Use(next => connection =>
            {
                connection.Features.Set(GrpcPort.Instance);
                return next(connection);
            });
        });
    }

    /// <summary>Serves every request of the gRPC ports by the dispatcher; others go on. Belongs in front of all other
    /// middleware.</summary>
    /// <param name="app">The pipeline.</param>
    /// <param name="dispatcher">The dispatcher.</param>
    public static IApplicationBuilder UseGrpc(this IApplicationBuilder app, GrpcDispatcher dispatcher) =>
        app.Use(next => http =>
            http.Features.Get<GrpcPort>() is null ? next(http) : dispatcher.InvokeAsync(http));

    /// <summary>Marks the connections of a gRPC port.</summary>
    private sealed class GrpcPort
    {
        public static readonly GrpcPort Instance = new();
    }
}
