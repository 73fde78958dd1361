using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace ContextGrid.Server.Grpc;

/// <summary>Opens the gRPC port in Kestrel and puts the dispatcher behind it.</summary>
public static class GrpcHosting
{
    /// <summary>The most headers of a request.</summary>
    internal const int HeadersMax = 100;

    /// <summary>The most bytes of a request's headers: the official servers take 8 KiB of metadata.</summary>
    internal const int HeaderBytesMax = 32 * 1024;

    // Bytes a second: what a person's slowest line has, and more than a program that only wants to hold a place spends.
    private const double RateMin = 1024;

    /// <summary>The time for a request's headers, and before its body's rate counts.</summary>
    internal static readonly TimeSpan RequestGrace = TimeSpan.FromSeconds(10);

    /// <summary>Listens for gRPC. Without TLS the port speaks HTTP/2 in clear text with prior knowledge (h2c).
    /// </summary>
    /// <param name="kestrel">The server.</param>
    /// <param name="address">Where to listen; port 0: any free port.</param>
    /// <param name="options">Limits; those of HTTP/2 hold for every HTTP/2 port of the process.</param>
    /// <param name="inFront">What stands in front of HTTP/2, such as TLS by
    /// <c>listen => listen.UseHttps(certificate)</c>; null: clear text.</param>
    public static void ListenGrpc(
        this KestrelServerOptions kestrel,
        IPEndPoint address,
        GrpcOptions options,
        Action<ListenOptions>? inFront = null)
    {
        var http2 = kestrel.Limits.Http2;
        http2.MaxStreamsPerConnection = options.StreamsPerConnectionMax;
        http2.InitialStreamWindowSize = options.StreamWindowBytes;
        http2.InitialConnectionWindowSize = options.ConnectionWindowBytes;
        http2.KeepAlivePingDelay = options.PingDelay;
        http2.KeepAlivePingTimeout = options.PingTimeout;
        kestrel.Limits.MaxConcurrentConnections = options.ConnectionsMax;
        kestrel.AddServerHeader = false;

        // A client that takes nothing loses its stream first; one that goes on so loses its connection. Requests must
        // keep moving as well; streams may rest between messages.
        kestrel.Limits.MinResponseDataRate = new MinDataRate(RateMin, 2 * options.StallMax);
        kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(RateMin, RequestGrace);
        kestrel.Limits.KeepAliveTimeout = options.IdleMax;
        kestrel.Limits.RequestHeadersTimeout = RequestGrace;
        kestrel.Limits.MaxRequestHeaderCount = HeadersMax;
        kestrel.Limits.MaxRequestHeadersTotalSize = HeaderBytesMax;
        http2.MaxRequestHeaderFieldSize = HeaderBytesMax;

        kestrel.Listen(address, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            inFront?.Invoke(listen);
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
