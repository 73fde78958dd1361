using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using ContextGrid.Core.Definitions;
using ContextGrid.Runtime.Codecs;
using ContextGrid.Runtime.Demo;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Hosting;
using ContextGrid.Runtime.Ingestion;
using Microsoft.AspNetCore.Connections;

namespace ContextGrid.Server;

/// <summary>
/// The life of the server as a program: reads definitions, starts the grid and its ports, tells where they are, and on
/// SIGTERM drains, finishes calls, makes a checkpoint and ends.
/// </summary>
internal static class ServerHost
{
    // Ingestion takes its turns on the same threads as calls do. With one thread a core a call waits until a turn is
    // over, with more the kernel shares the cores out: p99 of reads beside 60,000 events/s fell from 100 to 29 ms.
    private const int ThreadsACore = 4;

    internal static async Task<int> RunAsync(ServerOptions options, TimeProvider time)
    {
        ThreadPool.GetMinThreads(out int workers, out int ports);
        ThreadPool.SetMinThreads(Math.Max(workers, ThreadsACore * Environment.ProcessorCount), ports);
        try
        {
            DefinitionSet? definitions = Read(options.Definitions);
            return definitions is null ? 1 : await ServeAsync(options, definitions, time).ConfigureAwait(false);
        }
        catch (Exception e) when (e is HostStartException or IOException or SocketException
            or UnauthorizedAccessException)
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
        if (await StartAsync(options, definitions, time).ConfigureAwait(false) is not { } server)
        {
            Console.WriteLine("stopped before it had started");
            return 0;
        }

        await using (server.ConfigureAwait(false))
        {
            using var signals = new ServerSignals(server);
            Announce(server, options);
            Task demo = options.Demo
                ? RunDemoAsync(server.Host.Publisher, options, time, server.Stopping)
                : Task.CompletedTask;
            Exception? failure = await server.LiveAsync().ConfigureAwait(false);
            if (failure is not null)
            {
                await Console.Error.WriteLineAsync($"contextgrid: {failure.Message}").ConfigureAwait(false);
            }

            server.Stop();
            await demo.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await server.DisposeAsync().ConfigureAwait(false);
            Console.WriteLine(StopMessage(server.Host.State, options.Cluster is not null));
            return failure is null ? 0 : 1;
        }
    }

    // A start can wait, for Redis or for silos: until the ports are open, and the server ends by itself at a signal,
    // a signal ends the start.
    private static async Task<GridServer?> StartAsync(
        ServerOptions options, DefinitionSet definitions, TimeProvider time)
    {
        using var stop = new CancellationTokenSource();
        using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        try
        {
            return await GridServer.StartAsync(options, definitions, time, stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return null;
        }

        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = true;
            stop.Cancel();
        }
    }

    private static string StopMessage(HostState state, bool isSilo) => state switch
    {
        { DurableFault: { } fault } =>
            $"stopped; no last checkpoint: {fault} The next start reads what is missing from the log",
        _ when isSilo => "stopped; the partitions are handed over",
        _ => $"stopped; checkpoint {state.Generation} is durable",
    };

    private static Task RunDemoAsync(
        EventPublisher publisher, ServerOptions options, TimeProvider time, CancellationToken stopping)
    {
        var traffic = new DemoTraffic(
            options.DemoRate,
            options.DemoUsers,
            async (topic, events, token) =>
            {
                PublishItem[] items = [.. events.Select(e => new PublishItem(e, default))];
                await publisher.PublishAsync(topic, items, keepInvalid: false, token).ConfigureAwait(false);
            },
            time);
        return traffic.RunAsync(stopping);
    }

    private static void Announce(GridServer server, ServerOptions options)
    {
        var plans = server.Host.Grid.Plans;
        string types = string.Join(", ", plans.Select(p => string.Create(
            CultureInfo.InvariantCulture,
            $"{p.Definition.Name} ({p.Features.Length} feature{(p.Features.Length == 1 ? "" : "s")})")));
        Console.WriteLine($"ContextGrid {Services.AdminHandlers.Version}: {types}");
        foreach (string sentence in server.Host.State.Recovered)
        {
            Console.WriteLine($"recovered: {sentence}");
        }

        string type = plans.Any(p => p.Definition.Name == "user") ? "user"
            : plans.Select(p => p.Definition.Name).FirstOrDefault("TYPE");
        Console.WriteLine(options.Cluster is { } cluster
            ? $"silo: {cluster.Address}:{cluster.Port} of cluster {cluster.Name}"
            : $"data: {Path.GetFullPath(options.Data)}");
        Console.WriteLine($"http: {server.HttpAddress}");
        Console.WriteLine($"grpc: {server.GrpcAddress}");
        string address = options.GrpcPort == 7081 ? "" : $" --server {server.GrpcAddress}";
        Console.WriteLine(options.Demo
            ? $"try: ./contextgrid get {type} u1{address}"
            : $"try: ./contextgrid status{address}");
    }

    private static string Line(Exception e)
    {
        // Kestrel names the address that is taken, in one sentence.
        bool isInUse = e is AddressInUseException || e.InnerException is AddressInUseException;
        string message = e.Message.ReplaceLineEndings(" ");
        return isInUse ? $"{message.TrimEnd('.')}. Choose another port with --http or --grpc." : message;
    }
}
