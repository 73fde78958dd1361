using ContextGrid.Runtime.Hosting;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Shards;

namespace ContextGrid.Runtime.Topology;

/// <summary>The shards of a store shared by the processes of a cluster, of which this is one.</summary>
/// <param name="topology">Knows and calls the others.</param>
/// <param name="ownership">Moves shards.</param>
/// <param name="readers">Reads this process's share of the partitions.</param>
/// <param name="behind">Lets shards catch up.</param>
/// <param name="engine">The shards of this process.</param>
/// <param name="members">The processes that take part.</param>
internal sealed class SharedTopology(
    ClusterTopology topology,
    ShardOwnership ownership,
    PartitionReaders readers,
    BehindReaders behind,
    ShardEngine engine,
    IMembershipView members) : ITopology
{
    /// <inheritdoc/>
    public IContextGrid Grid => topology;

    /// <inheritdoc/>
    public IReadOnlyList<PartitionReading> Readers
    {
        get
        {
            ShardRoutes routes = topology.Routes;
            Dictionary<TopicPartition, string?> here = readers.Readers.ToDictionary(r => r.Partition, r => r.Fault);
            return
            [
                .. engine.Positions.Process.Select(p =>
                {
                    int at = routes.DestinationOf(p.Partition.Partition % engine.Positions.ShardCount);
                    bool isHere = here.TryGetValue(p.Partition, out string? fault);
                    return new PartitionReading(
                        p.Partition, isHere || at < 0 ? members.Self : routes.Others[at].Address, isHere, fault);
                }),
            ];
        }
    }

    /// <inheritdoc/>
    public string? Fault => ownership.Fault ?? behind.Fault;

    /// <inheritdoc/>
    public string? WhyNotReady
    {
        get
        {
            ShardRoutes routes = topology.Routes;
            int closed = routes.Own.Except(engine.Positions.Open).Count;
            return !members.Active.Contains(members.Self) ? "this process is not a member of the cluster"
                : routes.Unowned > 0 ? $"{routes.Unowned} shards have no owner yet"
                : closed > 0 ? $"{closed} shards are being opened"
                : null;
        }
    }

    /// <inheritdoc/>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task[] loops =
        [
            BackgroundTask.StartAsync(ownership.RunAsync, ends.Token),
            BackgroundTask.StartAsync(readers.RunAsync, ends.Token),
            BackgroundTask.StartAsync(behind.RunAsync, ends.Token),
            BackgroundTask.StartAsync(topology.FollowAsync, ends.Token),
        ];

        // One that fails ends all.
        await Task.WhenAny(loops);
        ends.Cancel();
        await Task.WhenAll(loops);
    }

    /// <inheritdoc/>
    public Task LeaveAsync(TimeSpan most) => ownership.LeaveAsync(most);
}
