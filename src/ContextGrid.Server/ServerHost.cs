using System.Globalization;
using System.Net;
using System.Net.Sockets;
using ContextGrid.Core.Definitions;
using ContextGrid.Runtime.Codecs;
using ContextGrid.Runtime.Demo;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Server.Grpc;
using ContextGrid.Server.Grpc.Health;
using ContextGrid.Server.Grpc.Reflection;
using ContextGrid.Server.Http;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace ContextGrid.Server;

/// <summary>
/// The life of the server: reads definitions, starts the grid, opens the ports, and on SIGTERM or SIGINT drains, makes a
/// checkpoint and ends.
/// </summary>
internal static class ServerHost
{
    private static readonly TimeSpan DrainMax = TimeSpan.FromSeconds(3);

    internal static async Task<int> RunAsync(ServerOptions options, TimeProvider time)
    {
        try
        {
            DefinitionSet? definitions = Read(options.Definitions);
            return definitions is null ? 1 : await ServeAsync(options, definitions, time).ConfigureAwait(false);
        }
        catch (Exception e) when (e is HostStartException or IOException or SocketException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync($"contextgrid: {Line(e)}").ConfigureAwait(false);
            return 1;
        }
    }

    private static DefinitionSet? Read(string directory)
    {
        if (!Directory.Exists(directory))
        {
            Console.Error.WriteLine(
                $"contextgrid: there is no directory '{directory}'; name one with --definitions, or try --demo.");
            return null;
        }

        DefinitionReadResult result = DefinitionFiles.Read(directory);
        foreach (DefinitionError error in result.Errors)
        {
            Console.Error.WriteLine(error);
        }

        return result.Set;
    }

    private static async Task<int> ServeAsync(ServerOptions options, DefinitionSet definitions, TimeProvider time)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = DrainMax);
        var grpcOptions = new GrpcOptions();
        builder.WebHost.ConfigureKestrel(kestrel => Listen(kestrel, options, grpcOptions));
        await using WebApplication app = builder.Build();
        await using EmbeddedHost host = await EmbeddedHost.StartAsync(
            new EmbeddedHostOptions
            {
                Definitions = definitions,
                DataDirectory = options.Data,
                Partitions = options.Partitions,
                CheckpointInterval = options.CheckpointInterval,
                RetentionTime = options.Retention,
                Rebuild = options.Rebuild,
            },
            time,
            app.Services.GetRequiredService<ILoggerFactory>(),
            CancellationToken.None).ConfigureAwait(false);

        var services = new GridServices(host, time);
        var health = new GrpcHealth();
        IReadOnlyList<GrpcService> grpc = services.ToGrpc();
        IReadOnlyList<GrpcService> all = [.. grpc, health.Service];
        app.UseGrpc(new GrpcDispatcher(
            [.. all, .. GrpcReflection.CreateServices(all)],
            grpcOptions,
            time,
            app.Services.GetRequiredService<ILogger<GrpcDispatcher>>(),
            app.Lifetime.ApplicationStopping));
        app.MapGrid(host, services, time);
        await app.StartAsync().ConfigureAwait(false);
        Announce(app, host, options);
        int code = await LiveAsync(app, host, services, health, grpc, options, time).ConfigureAwait(false);
        await app.StopAsync().ConfigureAwait(false);
        await host.DisposeAsync().ConfigureAwait(false);
        Console.WriteLine(host.CheckpointFault is { } fault
            ? $"stopped; no last checkpoint: {fault} The next start reads what is missing from the log"
            : $"stopped; checkpoint {host.Checkpoint.Generation} is durable");
        return code;
    }

    private static void Listen(KestrelServerOptions kestrel, ServerOptions options, GrpcOptions grpc)
    {
        kestrel.ListenGrpc(new IPEndPoint(IPAddress.Loopback, options.GrpcPort), grpc);
        kestrel.Listen(IPAddress.Loopback, options.HttpPort, l => l.Protocols = HttpProtocols.Http1);
    }

    private static async Task<int> LiveAsync(
        WebApplication app,
        EmbeddedHost host,
        GridServices services,
        GrpcHealth health,
        IReadOnlyList<GrpcService> grpc,
        ServerOptions options,
        TimeProvider time)
    {
        CancellationToken stopping = app.Lifetime.ApplicationStopping;
        Task demo = options.Demo ? RunDemoAsync(host.Publisher, options, time, stopping) : Task.CompletedTask;
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1), time);
        int code = 0;
        try
        {
            do
            {
                services.Rates.Sample(host.Metrics.Applied);
                bool ready = host.WhyNotReady(time.GetUtcNow().ToUnixTimeMilliseconds()) is null;
                health.Set("", ready);
                foreach (GrpcService service in grpc)
                {
                    health.Set(service.Descriptor.FullName, ready);
                }

                if (host.Failed.IsFaulted)
                {
                    await Console.Error.WriteLineAsync(
                        $"contextgrid: {host.Failed.Exception.InnerException?.Message}").ConfigureAwait(false);
                    code = 1;
                    break;
                }
            }
            while (await timer.WaitForNextTickAsync(stopping).ConfigureAwait(false));
        }
        catch (OperationCanceledException)
        {
            health.Set("", false);
        }

        await demo.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return code;
    }

    private static Task RunDemoAsync(
        EventPublisher publisher, ServerOptions options, TimeProvider time, CancellationToken stopping)
    {
        var traffic = new DemoTraffic(
            options.DemoRate,
            options.DemoUsers,
            async (topic, events, token) => await publisher.PublishAsync(
                topic, [.. events.Select(e => new PublishItem(e, default, 0))], keepInvalid: false, token).ConfigureAwait(false),
            time);
        return traffic.RunAsync(stopping);
    }

    private static void Announce(WebApplication app, EmbeddedHost host, ServerOptions options)
    {
        ICollection<string> addresses =
            app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses ?? [];
        string grpc = addresses.ElementAtOrDefault(0) ?? "", http = addresses.ElementAtOrDefault(1) ?? "";
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"ContextGrid {Services.AdminHandlers.Version}: {string.Join(", ", host.Grid.Plans.Select(p => $"{p.Definition.Name} ({p.Features.Length} features)"))}"));
        foreach (string sentence in host.Recovered)
        {
            Console.WriteLine($"recovered: {sentence}");
        }

        string type = host.Grid.Plans.Any(p => p.Definition.Name == "user") ? "user"
            : host.Grid.Plans.Select(p => p.Definition.Name).FirstOrDefault("TYPE");
        Console.WriteLine($"data: {Path.GetFullPath(options.Data)}");
        Console.WriteLine($"http: {http}");
        Console.WriteLine($"grpc: {grpc}");
        string server = options.GrpcPort == 7081 ? "" : $" --server {grpc}";
        Console.WriteLine(options.Demo
            ? $"try: ./contextgrid get {type} u1{server}"
            : $"try: ./contextgrid status{server}");
    }

    private static string Line(Exception e)
    {
        // Kestrel names the address that is taken, in one sentence.
        bool isInUse = e is Microsoft.AspNetCore.Connections.AddressInUseException
            || e.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException;
        string message = e.Message.ReplaceLineEndings(" ");
        return isInUse ? $"{message.TrimEnd('.')}. Choose another port with --http or --grpc." : message;
    }
}
