using System.Diagnostics;
using ContextGrid.Orleans.Operations;
using ContextGrid.Orleans.Topology;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Topology;
using Microsoft.Extensions.DependencyInjection;

namespace ContextGrid.Orleans.Tests.Operations;

/// <summary>What a collector gets of a silo. Alone: the sources of spans are those of all silos in the process.
/// </summary>
[Collection(nameof(SiloTelemetryTests))]
[CollectionDefinition(nameof(SiloTelemetryTests), DisableParallelization = true)]
public sealed class SiloTelemetryTests
{
    private const string Metrics = "POST /v1/metrics application/x-protobuf";
    private const string Traces = "POST /v1/traces application/x-protobuf";

    // What is left is sent at the stop, so that nothing waits for an interval.
    [Fact]
    public async Task Stop_WithACollector_ItHasMetricsAndTracesOfGrains()
    {
        await using OtlpCollector collector = await OtlpCollector.StartAsync();
        await RunAsync(new OtlpOptions { Endpoint = collector.Endpoint, TraceRatio = 1 }, isTraced: true);
        string metrics = collector.Taken(Metrics), traces = collector.Taken(Traces);
        Assert.Contains("Microsoft.Orleans", metrics, StringComparison.Ordinal);
        Assert.Contains("orleans-catalog-activations", metrics, StringComparison.Ordinal);
        Assert.Contains("contextgrid_events_applied", metrics, StringComparison.Ordinal);
        Assert.Contains("Microsoft.Orleans.Application", traces, StringComparison.Ordinal);
        Assert.Contains("IReplayIndexGrain/", traces, StringComparison.Ordinal);
        Assert.Contains("service.namespace", traces, StringComparison.Ordinal);
    }

    // Silos look after each other, and tell each other how far they are; nobody has asked for anything.
    [Fact]
    public async Task Run_NobodyAsks_BeginsNoTrace()
    {
        await using OtlpCollector collector = await OtlpCollector.StartAsync();
        await using (var cluster = new ClusterFixture())
        {
            SiloOptions WithTraces(SiloOptions o) =>
                o with { Otlp = new OtlpOptions { Endpoint = collector.Endpoint, TraceRatio = 1 } };
            await using SiloHost first = await cluster.StartAsync(change: WithTraces);
            await using SiloHost second = await cluster.StartAsync(change: WithTraces);
            await cluster.RequireAsync(second);
            var transport = first.Services.GetRequiredService<IShardTransport>();
            second.Services.GetRequiredService<ShardInbox>().Receiver = null;
            string other = second.Address.ToParsableString();
            await Assert.ThrowsAsync<ShardCallException>(async () =>
                await transport.CallAsync(other, ShardMessage.State, default, CancellationToken.None));
        }

        string traces = collector.Taken(Traces);
        foreach (string name in (string[])["IReplayGrain", "IShardService", "Ping", "ISnapshotShardGrain"])
        {
            Assert.DoesNotContain(name, traces, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Stop_NoTraceIsToBeKept_ItHasMetricsOnly()
    {
        await using OtlpCollector collector = await OtlpCollector.StartAsync();
        await RunAsync(new OtlpOptions { Endpoint = collector.Endpoint, TraceRatio = 0 });
        Assert.NotEmpty(collector.Taken(Metrics));
        Assert.Empty(collector.Taken(Traces));
    }

    [Fact]
    public async Task Start_CollectorIsAway_SiloWorks()
    {
        OtlpCollector collector = await OtlpCollector.StartAsync();
        Uri endpoint = collector.Endpoint;
        await collector.DisposeAsync();
        await RunAsync(new OtlpOptions { Endpoint = endpoint, TraceRatio = 1 });
    }

    [Fact]
    public async Task Start_OptionsThatCantBeMeant_SaysSo()
    {
        var right = new OtlpOptions { Endpoint = new Uri("http://127.0.0.1:4318") };
        OtlpOptions[] wrong =
        [
            right with { Endpoint = new Uri("127.0.0.1:4318", UriKind.RelativeOrAbsolute) },
            right with { Endpoint = new Uri("ftp://127.0.0.1") },
            right with { TraceRatio = 1.5 },
            right with { TraceRatio = double.NaN },
        ];
        foreach (OtlpOptions options in wrong)
        {
            await Assert.ThrowsAsync<HostStartException>(() => RunAsync(options));
        }
    }

    private static async Task RunAsync(OtlpOptions otlp, bool isTraced = false)
    {
        await using var cluster = new ClusterFixture();
        await cluster.PublishAsync(users: 20, events: 100);
        await using SiloHost silo = await cluster.StartAsync(change: options => options with { Otlp = otlp });
        await cluster.RequireAsync(silo);

        if (isTraced)
        {
            // As a request that somebody traces: a part of its trace is kept, and none begins with it.
            using var request = new Activity("request");
            request.ActivityTraceFlags = ActivityTraceFlags.Recorded;
            request.Start();
            await silo.Replays.ListAsync();
        }
    }
}
