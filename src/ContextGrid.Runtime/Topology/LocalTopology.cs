using System.Collections.Immutable;
using ContextGrid.Runtime.Hosting;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Shards;

namespace ContextGrid.Runtime.Topology;

/// <summary>All shards in this process, called directly.</summary>
/// <param name="grid">The engine, or what stands before it.</param>
/// <param name="ingestors">The readers of all source partitions.</param>
/// <param name="behind">Lets shards catch up that begin behind the others.</param>
internal sealed class LocalTopology(
    IContextGrid grid, ImmutableArray<PartitionIngestor> ingestors, BehindReaders behind) : ITopology
{
    /// <inheritdoc/>
    public IContextGrid Grid => grid;

    /// <inheritdoc/>
    public IReadOnlyList<PartitionReading> Readers =>
        [.. ingestors.Select(i => new PartitionReading(i.Progress.Partition, "", true, i.Fault))];

    /// <inheritdoc/>
    public string? Fault => behind.Fault;

    /// <inheritdoc/>
    public string? WhyNotReady => null;

    /// <inheritdoc/>
    public Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(
        ingestors.Select(i => BackgroundTask.StartAsync(i.RunAsync, cancellationToken))
            .Append(BackgroundTask.StartAsync(behind.RunAsync, cancellationToken)));

    /// <inheritdoc/>
    public Task LeaveAsync(TimeSpan most) => Task.CompletedTask;
}
