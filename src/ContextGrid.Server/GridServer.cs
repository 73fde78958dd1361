using ContextGrid.Contracts.Rpc;
using ContextGrid.Core.Definitions;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Hosting;
using ContextGrid.Server.Cluster;
using ContextGrid.Server.Grpc;
using ContextGrid.Server.Grpc.Health;
using ContextGrid.Server.Grpc.Reflection;
using ContextGrid.Server.Http;
using ContextGrid.Server.Http.Metrics;
using ContextGrid.Server.Kafka;
using ContextGrid.Server.Limits;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace ContextGrid.Server;

/// <summary>
/// The whole server in one object: the grid of one data directory and the two ports in front of it. The executable
/// runs one, tests run several in one process. Owned by who started it.
/// </summary>
internal sealed class GridServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly IHostApplicationLifetime _lifetime;
    private readonly GrpcHealth _health;
    private readonly IReadOnlyList<GrpcService> _grpc;
    private readonly HttpPort _http;
    private readonly SchemaRegistries _registries;
    private readonly TimeProvider _time;
    private readonly TimeSpan _drain;
    private readonly Lock _healthGate = new();
    private Task _draining = Task.CompletedTask;
    private int _drains;
    private bool _disposed;

    private GridServer(
        WebApplication app,
        IGridHost host,
        GridServices services,
        GrpcHealth health,
        IReadOnlyList<GrpcService> grpc,
        HttpPort http,
        SchemaRegistries registries,
        TimeSpan drain,
        TimeProvider time)
    {
        (_app, _lifetime) = (app, app.Lifetime); // A late signal must find the lifetime when the app is disposed.
        _drain = drain;
        _registries = registries;
        Host = host;
        Services = services;
        _health = health;
        _grpc = grpc;
        _http = http;
        _time = time;
    }

    /// <summary>The grid.</summary>
    internal IGridHost Host { get; }

    /// <summary>The handlers.</summary>
    internal GridServices Services { get; }

    /// <summary>Where gRPC is served, such as <c>http://127.0.0.1:7081</c>.</summary>
    internal string GrpcAddress => Address(0);

    /// <summary>Where HTTP is served.</summary>
    internal string HttpAddress => Address(1);

    /// <summary>Cancelled when the server begins to stop.</summary>
    internal CancellationToken Stopping => _lifetime.ApplicationStopping;

    /// <summary>The routes of the HTTP port, for the test that compares them with their description.</summary>
    internal IEnumerable<RouteEndpoint> Routes =>
        ((IEndpointRouteBuilder)_app).DataSources.SelectMany(s => s.Endpoints).OfType<RouteEndpoint>();

    /// <summary>Opens the data directory and the ports.</summary>
    /// <exception cref="HostStartException">The data directory can't be used.</exception>
    /// <exception cref="IOException">A port can't be opened.</exception>
    /// <exception cref="OperationCanceledException">The start was cancelled; nothing is left of it.</exception>
    internal static async Task<GridServer> StartAsync(
        ServerOptions options,
        DefinitionSet definitions,
        TimeProvider time,
        CancellationToken cancellationToken = default)
    {
        ServerPorts.RequireFree(options);
        SchemaRegistries registries = SchemaRegistries.Open(options, time);
        EmbeddedHostOptions hostOptions = registries.AddTo(options.ToHostOptions(definitions)) with
        {
            Snapshots = options.Snapshots?.ToPlace(time),
        };
        var gates = new ServerGates(options.Limits, hostOptions.Metrics, time);
        GrpcOptions grpcOptions = gates.ToGrpc();
        WebApplication app = ServerPorts.Build(options, grpcOptions, gates);
        IGridHost? host = null;
        try
        {
            var collector = new PrometheusCollector(hostOptions.Metrics.Meter);
            ILoggerFactory loggers = app.Services.GetRequiredService<ILoggerFactory>();
            var kafka = new KafkaLog(options.Kafka, time, loggers);
            host = await StartHostAsync(options, kafka.PutInto(hostOptions), time, loggers, cancellationToken)
                .ConfigureAwait(false);
            kafka.Show(host);
            GridServer server = Compose(
                app, host, collector, grpcOptions, gates, registries, options.Drain, time);
            await app.StartAsync().ConfigureAwait(false);
            return server;
        }
        catch
        {
            await app.DisposeAsync().ConfigureAwait(false);
            await (host?.DisposeAsync() ?? ValueTask.CompletedTask).ConfigureAwait(false);
            registries.Dispose();
            throw;
        }
    }

    /// <summary>Keeps the rates and the health service up to date, once a second, until the server stops.</summary>
    /// <returns>Why the grid can't go on; null: the server was told to stop.</returns>
    internal async Task<Exception?> LiveAsync()
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1), _time);
        try
        {
            do
            {
                Look();
                if (Host.Failed.IsFaulted)
                {
                    return Host.Failed.Exception.InnerException;
                }
            }
            while (await timer.WaitForNextTickAsync(Stopping).ConfigureAwait(false));
        }
        catch (OperationCanceledException)
        {
            // It was told to stop.
        }

        return null;
    }

    /// <summary>
    /// Begins to stop: the server says that it is not ready and serves on for the drain time, so that balancers take it
    /// out before it refuses anything; then as <see cref="Stop"/>. A second call ends the drain.
    /// </summary>
    internal void Drain()
    {
        bool isFirst = Interlocked.Exchange(ref _drains, 1) == 0;
        if (!isFirst || _drain <= TimeSpan.Zero)
        {
            Stop();
            return;
        }

        BeNotReady();
        _draining = DrainAsync();
    }

    /// <summary>Begins to stop at once: <see cref="Stopping"/> is cancelled, and streams end.</summary>
    internal void Stop()
    {
        BeNotReady();
        _lifetime.StopApplication();
    }

    /// <summary>Closes the ports after calls under way, at most 3 seconds, makes a last checkpoint, and closes
    /// everything.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        Stop();
        await _draining.ConfigureAwait(false);
        await _app.StopAsync().ConfigureAwait(false);
        _http.Dispose();
        await Host.DisposeAsync().ConfigureAwait(false);
        _registries.Dispose();
        await _app.DisposeAsync().ConfigureAwait(false);
    }

    private static async Task<IGridHost> StartHostAsync(
        ServerOptions options,
        EmbeddedHostOptions host,
        TimeProvider time,
        ILoggerFactory loggers,
        CancellationToken cancellationToken) =>
        options.Cluster is { } cluster
            ? await SiloStart.StartAsync(cluster, host, time, loggers, cancellationToken).ConfigureAwait(false)
            : await EmbeddedHost.StartAsync(host, time, loggers, cancellationToken).ConfigureAwait(false);

    private static GridServer Compose(
        WebApplication app,
        IGridHost host,
        PrometheusCollector collector,
        GrpcOptions grpcOptions,
        ServerGates gates,
        SchemaRegistries registries,
        TimeSpan drain,
        TimeProvider time)
    {
        var services = new GridServices(host, gates, time);
        var health = new GrpcHealth();
        var http = new HttpPort(
            host, services, collector, gates.ToHttp(time), time, app.Lifetime.ApplicationStopping);
        IReadOnlyList<GrpcService> grpc = services.ToGrpc();
        IReadOnlyList<GrpcService> described = [.. grpc, health.Service];
        IReadOnlyList<GrpcService> all =
        [
            .. described,
            .. GrpcReflection.CreateServices(described, ErrorDetailsReflection.Descriptor, StatusReflection.Descriptor),
        ];
        var calls = new CallGate(gates.Calls, gates.Streams, CallGate.StreamsOf(all));
        app.Use(next => http => calls.RunAsync(http, next));
        app.UseGrpc(new GrpcDispatcher(
            all,
            grpcOptions,
            time,
            app.Services.GetRequiredService<ILogger<GrpcDispatcher>>(),
            app.Lifetime.ApplicationStopping,
            http.Requests.Grpc));
        http.Map(app);
        return new GridServer(app, host, services, health, grpc, http, registries, drain, time);
    }

    private void Look()
    {
        Services.Rates.Sample(Host.Metrics.Applied);
        Services.Admin.Members.See(Host.State.Silos);
        ShowHealth();
    }

    private void BeNotReady()
    {
        Services.Readiness.BeginStop();
        ShowHealth();
    }

    private async Task DrainAsync()
    {
        await Task.Delay(_drain, _time, Stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Stop();
    }

    private void ShowHealth()
    {
        lock (_healthGate)
        {
            bool ready = Services.Readiness.WhyNot() is null;
            _health.Set("", ready);
            foreach (GrpcService service in _grpc)
            {
                _health.Set(service.Descriptor.FullName, ready);
            }
        }
    }

    private string Address(int index) => _app.Services.GetRequiredService<IServer>().Features
        .Get<IServerAddressesFeature>()?.Addresses.ElementAtOrDefault(index) ?? "";
}
