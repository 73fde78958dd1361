using System.Net;
using System.Net.Sockets;
using ContextGrid.Server.Grpc;
using ContextGrid.Server.Limits;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace ContextGrid.Server;

/// <summary>The two ports of a server, each behind its gate.</summary>
internal static class ServerPorts
{
    // With the drain time before it, and what a silo takes to hand over after it, a stop ends within 30 seconds.
    private static readonly TimeSpan FinishMax = TimeSpan.FromSeconds(3);

    /// <summary>
    /// Refuses a port that somebody else has, before anything is taken over or made: a start that ends for that leaves
    /// nothing behind.
    /// </summary>
    /// <exception cref="IOException">It is taken.</exception>
    internal static void RequireFree(ServerOptions options)
    {
        foreach (int port in (int[])[options.GrpcPort, options.HttpPort])
        {
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                string message = $"Failed to bind to address http://127.0.0.1:{port}: address already in use.";
                throw new IOException(message, new AddressInUseException(message, e));
            }
        }
    }

    /// <summary>Prepares the program and its ports; none is open yet.</summary>
    internal static WebApplication Build(ServerOptions options, GrpcOptions grpcOptions, ServerGates gates)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Logging.AddSimpleConsole(console =>
        {
            // A line an entry, with the time that all machines have.
            (console.SingleLine, console.UseUtcTimestamp) = (true, true);
            console.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z' ";
        });

        // What fails at the start is thrown as well, and told in one sentence; the log would add a stack trace.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
        builder.Logging.AddFilter("Orleans.Runtime.Silo", LogLevel.None);
        builder.Logging.AddFilter("Orleans.Runtime.SiloLifecycleSubject", LogLevel.None);

        // At each start it warns of a stall as long as the machine has been up.
        builder.Logging.AddFilter("Orleans.Runtime.Watchdog", LogLevel.Error);
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = FinishMax);
        builder.Services.AddSingleton<IHostLifetime, ServerSignals.NoLifetime>();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.ListenGrpc(
                new IPEndPoint(IPAddress.Loopback, options.GrpcPort), grpcOptions, l => l.Use(gates.Grpc.Guard));
            kestrel.Listen(IPAddress.Loopback, options.HttpPort, listen =>
            {
                listen.Protocols = HttpProtocols.Http1;
                listen.Use(gates.Http.Guard);
            });
        });
        return builder.Build();
    }
}
