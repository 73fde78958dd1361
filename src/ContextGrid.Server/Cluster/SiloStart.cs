using ContextGrid.Core.Definitions;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Hosting;
using ContextGrid.Server.Http.Metrics;
#if WITH_ORLEANS
using ContextGrid.Orleans;
using ContextGrid.Orleans.Operations;
using ContextGrid.Orleans.Storage;
using ContextGrid.Runtime.Checkpoints;
#endif

namespace ContextGrid.Server.Cluster;

/// <summary>Starts a server as a silo, where the host on Orleans is in the build.</summary>
internal static class SiloStart
{
#if WITH_ORLEANS
    /// <summary>Why there are no silos; null: there are.</summary>
    internal static string? WhyNot => null;

    /// <summary>Starts a silo.</summary>
    /// <exception cref="HostStartException">It can't start.</exception>
    internal static async Task<IGridHost> StartAsync(
        ClusterChoice cluster,
        EmbeddedHostOptions host,
        TimeProvider time,
        ILoggerFactory loggers,
        CancellationToken cancellationToken)
    {
        Check(cluster, host);
        return await SiloHost.StartAsync(
            new SiloOptions
            {
                Host = host,
                StateName = host.Snapshots?.Name ?? host.DataDirectory,
                Blobs = cluster.Blobs is { } blobs ? new BlobPerGrain(blobs) : null,
                Redis = cluster.Membership.Redis,
                Tables = cluster.Membership.Tables,
                Primary = cluster.Membership.Primary,
                Cluster = cluster.Name,
                Address = cluster.Address,
                Port = cluster.Port,
                Listen = cluster.Listen,
                Tls = cluster.Operations.Tls,
                Dashboard = cluster.Operations.Dashboard,
                Otlp = cluster.Operations.Otlp,
            },
            time,
            logging => logging.Services.AddSingleton(loggers),
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Puts what a silo shows by HTTP into the pipeline, and its meter to the others; before routing.
    /// </summary>
    internal static void Map(WebApplication app, IGridHost host, PrometheusCollector collector)
    {
        if (host is SiloHost silo)
        {
            app.UseSiloDashboard(silo);
            collector.Add(silo.OrleansMeter);
        }
    }

    private static void Check(ClusterChoice cluster, EmbeddedHostOptions host)
    {
        Require(
            cluster.Membership.IsLocal || host.Log is not null,
            "Silos share their events: a cluster of more than one reads them from Kafka; add --kafka HOST:PORT.");
        Require(
            cluster.Membership.IsLocal || host.Snapshots is not null,
            "Silos share their state: name the store that all of them reach with --snapshots.");
        foreach (EntityDefinition entity in host.Definitions.Entities)
        {
            Require(
                entity.Outputs.IsEmpty,
                $"A cluster does not write outputs yet: take those of entity '{entity.Name}' "
                + $"({string.Join(", ", entity.Outputs.Select(o => o.Name))}) out of the definitions.");
        }
    }

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new HostStartException(otherwise);
        }
    }
#else
    /// <summary>Why there are no silos; null: there are.</summary>
    internal static string? WhyNot =>
        "This build has no host on Orleans, whose packages could not be restored: --cluster needs a build with them.";

    internal static Task<IGridHost> StartAsync(
        ClusterChoice cluster,
        EmbeddedHostOptions host,
        TimeProvider time,
        ILoggerFactory loggers,
        CancellationToken cancellationToken) =>
        throw new HostStartException(WhyNot!);

    internal static void Map(WebApplication app, IGridHost host, PrometheusCollector collector)
    {
        // There are no silos.
    }
#endif
}
