using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Azure;
using ContextGrid.Orleans.Definitions;
using ContextGrid.Core.Definitions;
using ContextGrid.Orleans.Following;
using ContextGrid.Orleans.Entities;
using ContextGrid.Orleans.Ingestion;
using ContextGrid.Orleans.Operations;
using ContextGrid.Orleans.Replay;
using ContextGrid.Orleans.Storage;
using ContextGrid.Orleans.Topology;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Ingestion;
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

    // One that is none of the members has nobody to tell that it leaves; Orleans would try for minutes where the list of
    // members is lost.
    internal static readonly TimeSpan FailedStopMax = TimeSpan.FromSeconds(3);

    /// <summary>Whether an exception is a reason for people why a silo can't start.</summary>
    internal static bool IsReason(Exception e) => HostStart.IsReason(e)
        || e is RedisException or RequestFailedException or OrleansException or SocketException;

    /// <summary>The reason in one line.</summary>
    internal static string Explain(Exception e) => e.Message.ReplaceLineEndings(" ")
        + (e is OrleansClusterConnectivityCheckFailedException
            ? " Look at the network between the silos, and whether all have TLS of one authority, or none."
            : "");

    /// <summary>All source partitions.</summary>
    /// <exception cref="HostStartException">A topic is missing.</exception>
    internal static async ValueTask<ImmutableArray<TopicPartition>> PartitionsAsync(
        IEventLog log, SiloOptions options, CancellationToken cancellationToken)
    {
        if (options.Definitions.Events.FirstOrDefault(e => e.Start == EventStart.Latest) is { } latest)
        {
            throw new HostStartException($"Event '{latest.Name}' has 'start: latest', which silos that start one after "
                + "the other would understand differently: give a time, such as 'start: 2026-01-31T12:00:00Z'.");
        }

        var partitions = ImmutableArray.CreateBuilder<TopicPartition>();
        foreach (string topic in options.Definitions.Topics)
        {
            int count = await HostStart.CountPartitionsAsync(log, topic, cancellationToken);
            partitions.AddRange(Enumerable.Range(0, count).Select(p => new TopicPartition(topic, p)));
        }

        return partitions.ToImmutable();
    }

    /// <summary>Everything that a silo runs, not started.</summary>
    internal static IHost Build(
        SiloOptions options,
        IEventLog log,
        ImmutableArray<TopicPartition> partitions,
        TimeProvider time,
        Action<ILoggingBuilder> logging)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        logging(builder.Logging);
        KeylessLoggers.Use(builder.Services);
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = StopMax);
        builder.Services.AddSingleton<SiloFailure>();
        builder.Services.AddSingleton<IFatalErrorHandler>(s => s.GetRequiredService<SiloFailure>());
        builder.Services.AddSingleton(time);

        // What a grain throws comes to its caller as what it is, not as a fault of serialization.
        builder.Services.Configure<ExceptionSerializationOptions>(e => e.SupportedExceptionTypeFilter = _ => true);
        builder.Services.AddSingleton(new GridContext(options.Definitions, options.Metrics));
        builder.Services.AddSingleton(new SnapshotStores(options.Snapshots));
        builder.Services.AddSingleton(services => Parts(options, log, time, services));
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
        builder.Services.AddHostedService(services => services.GetRequiredService<DefinitionsGuard>());
        builder.Services.AddHostedService(services => services.GetRequiredService<OrleansMembership>());
        builder.Services.AddSingleton<ClusterView>();
        builder.Services.AddHostedService(services => services.GetRequiredService<ClusterView>());
        builder.Services.AddSingleton(services => new ClusterSources(
            services.GetRequiredService<IngestionParts>(), partitions));
        builder.Services.AddHostedService(services => services.GetRequiredService<ClusterSources>());
        builder.Services.AddSingleton<ClusterFollowers>();
        builder.Services.AddHostedService(services => services.GetRequiredService<ClusterFollowers>());
        builder.Services.AddSingleton(services => new IngestionService(
            services.GetRequiredService<IngestionParts>(), partitions,
            services.GetRequiredService<ClusterView>(), services.GetRequiredService<ILocalSiloDetails>()));
        builder.Services.AddHostedService(services => services.GetRequiredService<IngestionService>());
        builder.Services.AddReplays(options.Replay);
        return builder.Build();
    }

    private static IngestionParts Parts(
        SiloOptions options, IEventLog log, TimeProvider time, IServiceProvider services)
    {
        ILoggerFactory loggers = services.GetRequiredService<ILoggerFactory>();
        return new IngestionParts(loggers.CreateLogger<IngestionService>())
        {
            Log = log,
            Grid = services.GetRequiredService<GridContext>(),
            View = services.GetRequiredService<ClusterView>(),
            Grains = services.GetRequiredService<IGrainFactory>(),
            DeadLetters = new DeadLetterTopic(log, time),
            Decoders = options.Decoders,
            Time = time,
            FlushInterval = options.FlushInterval,
            Silo = services.GetRequiredService<ILocalSiloDetails>().SiloAddress.ToString(),
        };
    }

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

        // The default directory lets a grain live twice for seconds while silos come and go: its state stays right,
        // but the younger one answers without what the older one has not written yet.
#pragma warning disable ORLEANSEXP003
        silo.AddDistributedGrainDirectory();
#pragma warning restore ORLEANSEXP003

        // For so long nobody else may have the grains of a silo that is lost, and may only stand still. State is right
        // without that, and answers are REBUILDING, so it is short.
        silo.Configure<GrainDirectoryOptions>(d => d.RangeLeaseDuration = TimeSpan.FromSeconds(5));
        silo.Services.AddPlacementDirector<NearReaderPlacement, NearReaderDirector>();
        silo.Configure<GrainCollectionOptions>(g => g.CollectionAge = options.IdleMax);

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
