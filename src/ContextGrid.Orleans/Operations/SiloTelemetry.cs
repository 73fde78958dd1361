using ContextGrid.Runtime.Diagnostics;
using ContextGrid.Runtime.Embedded;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Orleans.Diagnostics;
using Orleans.Hosting;

namespace ContextGrid.Orleans.Operations;

/// <summary>Sends what Orleans and ContextGrid measure, and traces of calls from grain to grain, to a collector. One
/// that is away costs what it would have got, and nothing else.</summary>
internal static class SiloTelemetry
{
    private const string OrleansMeterName = "Microsoft.Orleans";

    // Not what the runtime does by itself: probes, the directory, the dashboard's rounds.
    private static readonly string[] Sources =
    [
        ActivitySources.ApplicationGrainActivitySourceName, ActivitySources.LifecycleActivitySourceName,
        ActivitySources.StorageActivitySourceName,
    ];

    /// <summary>Adds it to a silo.</summary>
    /// <exception cref="HostStartException">The options can't be meant.</exception>
    internal static void Use(ISiloBuilder silo, OtlpOptions options, string cluster)
    {
        if (!options.Endpoint.IsAbsoluteUri || options.Endpoint.Scheme is not ("http" or "https"))
        {
            throw new HostStartException(
                $"'{options.Endpoint}' is no address for OTLP. Give one like http://127.0.0.1:4318.");
        }

        if (options.TraceRatio is not (>= 0 and <= 1))
        {
            throw new HostStartException($"The part of traces to keep is 0 to 1, not {options.TraceRatio}.");
        }

        silo.AddActivityPropagation();
        silo.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService("contextgrid", serviceNamespace: cluster))
            .WithMetrics(metrics => metrics
                .AddMeter(OrleansMeterName, GridMetrics.MeterName)
                .AddOtlpExporter(otlp => Point(otlp, options.Endpoint, "v1/metrics")))
            .WithTracing(traces => traces
                .AddSource(Sources)
                .SetSampler(new GrainSampler(
                    new ParentBasedSampler(new TraceIdRatioBasedSampler(options.TraceRatio))))
                .AddProcessor(new KeylessSpans())
                .AddOtlpExporter(otlp => Point(otlp, options.Endpoint, "v1/traces")));
    }

    private static void Point(OtlpExporterOptions otlp, Uri endpoint, string path)
    {
        otlp.Protocol = OtlpExportProtocol.HttpProtobuf;
        otlp.Endpoint = new Uri($"{endpoint.AbsoluteUri.TrimEnd('/')}/{path}");
    }
}
