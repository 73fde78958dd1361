using System.Net;
using System.Net.Sockets;
using Azure;
using ContextGrid.Orleans.Definitions;
using ContextGrid.Core.Definitions;
using ContextGrid.Orleans.Operations;
using ContextGrid.Orleans.Replay;
using ContextGrid.Orleans.Storage;
using ContextGrid.Orleans.Topology;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Embedded;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Runtime.MembershipService;
using Orleans.Serialization;
using Orleans.Versions.Compatibility;
using Orleans.Versions.Selector;
using StackExchange.Redis;

namespace ContextGrid.Orleans;

/// <summary>Puts a silo together.</summary>
internal static class SiloSetup
{
    // With the ports' drain before it, a silo that is told to stop is gone within 30 seconds.
    internal static readonly TimeSpan StopMax = TimeSpan.FromSeconds(20);

    // One that is none of the members has nobody to tell that it leaves; Orleans would try for minutes where the list
    // of members is lost.
    internal static readonly TimeSpan FailedStopMax = TimeSpan.FromSeconds(3);

    /// <summary>Whether an exception is a reason for people why a silo can't start.</summary>
    internal static bool IsReason(Exception e) => HostStart.IsReason(e)
        || e is RedisException or RequestFailedException or OrleansException or SocketException;

    /// <summary>The reason in one line.</summary>
    internal static string Explain(Exception e) => e.Message.ReplaceLineEndings(" ")
        + (e is OrleansClusterConnectivityCheckFailedException
            ? " Look at the network between the silos, and whether all have TLS of one authority, or none."
            : "");

    /// <summary>Refuses what silos can't have.</summary>
    /// <exception cref="HostStartException">Says what, and what to do.</exception>
    internal static void Check(SiloOptions options)
    {
        if (options.Host.Definitions.Events.FirstOrDefault(e => e.Start == EventStart.Latest) is { } latest)
        {
            throw new HostStartException($"Event '{latest.Name}' has 'start: latest', which silos that start one after "
                + "the other would understand differently: give a time, such as 'start: 2026-01-31T12:00:00Z'.");
        }
    }

    /// <summary>Everything of Orleans that a silo runs, not started.</summary>
    internal static IHost Build(
        SiloOptions options, DataDirectory? directory, TimeProvider time, Action<ILoggingBuilder> logging)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        logging(builder.Logging);
        KeylessLoggers.Use(builder.Services);
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = StopMax);
        builder.Services.AddSingleton<SiloFailure>();
        builder.Services.AddSingleton<IFatalErrorHandler>(s => s.GetRequiredService<SiloFailure>());
        builder.Services.AddSingleton(time);
        builder.Services.AddSingleton<SiloGrid>();

        // What a grain throws comes to its caller as what it is, not as a fault of serialization.
        builder.Services.Configure<ExceptionSerializationOptions>(e => e.SupportedExceptionTypeFilter = _ => true);
        builder.Services.AddSingleton(new GridContext(options.Host.Definitions));
        builder.Services.AddSingleton(new SnapshotStores(token => OpenStoreAsync(options, directory, time, token)));
        builder.Services.AddSingleton(services => new ReplaySource
        {
            Silo = services.GetRequiredService<SiloGrid>(),
            Grid = services.GetRequiredService<GridContext>(),
            Grains = services.GetRequiredService<IGrainFactory>(),
            Decoders = options.Host.Decoders,
            Time = time,
            Name = services.GetRequiredService<ILocalSiloDetails>().SiloAddress.ToString(),
        });
        builder.Services.AddStateStorage(options.Blobs);
        builder.UseOrleans(silo =>
        {
            Configure(silo, options);
            ConfigureOperations(silo, options);
        });

        // After the silo: they begin when it runs, and end before it does.
        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton<DefinitionsGuard>();
        builder.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(
            services => services.GetRequiredService<DefinitionsGuard>());
        builder.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, SiloShardsEnd>();
        builder.Services.AddHostedService(services => services.GetRequiredService<DefinitionsGuard>());
        builder.Services.AddHostedService(services => services.GetRequiredService<OrleansMembership>());
        builder.Services.AddReplays(options.Replay);
        return builder.Build();
    }

    private static async ValueTask<ISnapshotStore> OpenStoreAsync(
        SiloOptions options, DataDirectory? directory, TimeProvider time, CancellationToken cancellationToken) =>
        options.Host.Snapshots is { } place ? await place.OpenAsync(cancellationToken)
        : directory is not null ? DirectorySnapshotStore.Open(directory.CheckpointsPath, time)
        : throw new HostStartException("A silo needs a data directory, or a store of its own with --snapshots.");

    private static void Configure(ISiloBuilder silo, SiloOptions options)
    {
        int port = options.Port == 0 ? FreePort(options.Address) : options.Port;
        SiloMembers.Use(silo, options, port);
        silo.Configure<ClusterOptions>(c => (c.ClusterId, c.ServiceId) = (options.Cluster, options.Cluster));
        silo.Configure<EndpointOptions>(e =>
        {
            (e.AdvertisedIPAddress, e.SiloPort, e.GatewayPort) = (options.Address, port, 0);
            e.SiloListeningEndpoint = options.Listen ?? new IPEndPoint(options.Address, port);
        });

        silo.Configure<GrainCollectionOptions>(
            g => (g.CollectionAge, g.CollectionQuantum) = (options.IdleMax, options.IdleMax / 2));

        // Silos are exchanged for newer ones one after the other: a newer one takes the calls of older ones, and an
        // older one none of a newer interface.
        silo.Configure<GrainVersioningOptions>(v => (v.DefaultCompatibilityStrategy, v.DefaultVersionSelectorStrategy)
            = (nameof(BackwardCompatible), nameof(AllCompatibleVersions)));
    }

    private static void ConfigureOperations(ISiloBuilder silo, SiloOptions options)
    {
        SiloDashboard.Use(silo, options.Dashboard);
        if (options.Tls is { } tls)
        {
            SiloTls.Use(silo, tls);
        }

        if (options.Otlp is { } otlp)
        {
            SiloTelemetry.Use(silo, otlp, options.Cluster);
        }
    }

    private static int FreePort(IPAddress address)
    {
        using var listener = new TcpListener(address, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
