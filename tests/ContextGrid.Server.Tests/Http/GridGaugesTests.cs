using System.Collections.Immutable;
using ContextGrid.Core.Definitions;
using ContextGrid.Runtime.Backups;
using ContextGrid.Runtime.DeadLetters;
using ContextGrid.Runtime.Diagnostics;
using ContextGrid.Runtime.Hosting;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;
using ContextGrid.Server.Http.Metrics;
using ContextGrid.Server.Limits;

namespace ContextGrid.Server.Tests.Http;

public sealed class GridGaugesTests(HttpFixture server) : IClassFixture<HttpFixture>
{
    [Fact]
    public void Collect_PartitionThatAnotherSiloReads_IsLeftToThatOne()
    {
        ImmutableArray<PartitionProgress> sources = server.Server.Host.Progress;
        string text = Collect(new HostState
        {
            Readers = new Dictionary<TopicPartition, ReaderState>
            {
                [sources[0].Partition] = new("this", null),
                [sources[1].Partition] = new("other", null, IsElsewhere: true),
            },
        });
        Assert.All(
            (string[])["lag_records", "lag_seconds", "applied_offset", "end_offset", "gaps"],
            name =>
            {
                Assert.Contains($"\ncontextgrid_source_{name}{{topic=\"payments\",partition=\"0\"}}", text);
                Assert.DoesNotContain($"\ncontextgrid_source_{name}{{topic=\"payments\",partition=\"1\"}}", text);
            });
    }

    // A partition that nobody reads must not go unseen.
    [Fact]
    public void Collect_NothingIsKnownOfReaders_HasEveryPartition() =>
        Assert.Contains(
            "\ncontextgrid_source_lag_seconds{topic=\"payments\",partition=\"1\"}", Collect(new HostState()));

    [Theory]
    [InlineData(null, 0)]
    [InlineData(1L, 1)]
    public void Collect_CheckpointAge_IsAbsentBeforeTheFirst(long? durableMs, int samples) =>
        Assert.Equal(
            samples,
            Collect(new HostState { DurableMs = durableMs }).Split('\n').Count(
                l => l.StartsWith("contextgrid_checkpoint_age_seconds ", StringComparison.Ordinal)));

    private string Collect(HostState state)
    {
        using var metrics = new GridMetrics();
        using var collector = new PrometheusCollector(metrics.Meter);
        var host = new StatedHost(server.Server.Host, metrics, state);
        var services = new GridServices(
            host, new ServerGates(new ServerLimits(), metrics, TimeProvider.System), TimeProvider.System);
        _ = new GridGauges(host, services, TimeProvider.System);
        return collector.Collect();
    }

    /// <summary>A host that says of itself what a test wants.</summary>
    private sealed class StatedHost(IGridHost host, GridMetrics metrics, HostState state) : IGridHost
    {
        public DefinitionSet Definitions => host.Definitions;

        public IContextGrid Grid => host.Grid;

        public GridMetrics Metrics => metrics;

        public ImmutableArray<PartitionProgress> Progress => host.Progress;

        public ContextReader Reader => host.Reader;

        public EventPublisher Publisher => host.Publisher;

        public DeadLetterService DeadLetters => host.DeadLetters;

        public GridBackup? Backup => host.Backup;

        public IGridReplays? Replays => host.Replays;

        public Task Failed => host.Failed;

        public HostState State => state with
        {
            Entities = [.. host.Grid.Plans.Select(_ => default(EntityCount))],
        };

        public string? WhyNotReady(long nowMs) => null;

        public ValueTask DisposeAsync() => default;
    }
}
