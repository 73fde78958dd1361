using ContextGrid.Runtime.Hosting;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Shards;

namespace ContextGrid.Runtime.Topology;

/// <summary>
/// Reads this process's share of the source partitions: partition p is read by the owner of shard p modulo the number
/// of shards. Ownership is fenced, so two processes read a partition only for the moment in which one of them does not
/// know yet that it lost the shard; what both bring is the same.
/// </summary>
/// <param name="topology">Has the routes.</param>
/// <param name="engine">Has the positions.</param>
/// <param name="ingestorOf">Makes the reader of a partition that begins at a progress and brings its events to a
/// target.</param>
/// <param name="ended">Is told of partitions that this process reads no more.</param>
internal sealed class PartitionReaders(
    ClusterTopology topology,
    ShardEngine engine,
    Func<PartitionProgress, IEventTarget, PartitionIngestor> ingestorOf,
    Action<TopicPartition> ended)
{
    private readonly Dictionary<int, (PartitionIngestor Ingestor, Task Reading, CancellationTokenSource Ends)>
        _readers = [];

    private readonly Dictionary<int, Task> _ending = [];

    /// <summary>The readers of this process, and what holds them up.</summary>
    internal IReadOnlyList<(TopicPartition Partition, string? Fault)> Readers
    {
        get
        {
            lock (_readers)
            {
                return [.. _readers.Values.Select(r => (r.Ingestor.Progress.Partition, r.Ingestor.Fault))];
            }
        }
    }

    /// <summary>Begins and ends readers as the shards move, until cancelled; then ends all.</summary>
    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            long seen = topology.RoutesChanged.Version;
            Share(topology.Routes.Own);
            await Task.WhenAny(topology.RoutesChanged.WaitAsync(seen, cancellationToken).AsTask());
        }

        await Task.WhenAll(Share(default));
    }

    private List<Task> Share(ShardSet own)
    {
        var ending = new List<Task>();
        lock (_readers)
        {
            for (int p = 0; p < engine.Positions.Process.Length; p++)
            {
                int shard = engine.Positions.Process[p].Partition.Partition % engine.Positions.ShardCount;
                if (_readers.TryGetValue(p, out var reader) && !own.Contains(shard))
                {
                    reader.Ends.Cancel();
                    ending.Add(EndedAsync(reader.Reading));
                    _ending[p] = reader.Reading;
                    _readers.Remove(p);
                    ended(reader.Ingestor.Progress.Partition);
                }
                else if (own.Contains(shard) && !_readers.ContainsKey(p) && CanBegin(p))
                {
                    _readers[p] = Begin(p);
                }
            }
        }

        return ending;
    }

    // What is read before the shards are open would be read again for all of them. Two readers of a partition in one
    // process would both think that a part is theirs.
    private bool CanBegin(int partition) =>
        !engine.Positions.Open.IsEmpty
        && (!_ending.TryGetValue(partition, out Task? ending) || ending.IsCompleted);

    private async Task EndedAsync(Task reading)
    {
        await reading;
        topology.RoutesChanged.Set();
    }

    private (PartitionIngestor Ingestor, Task Reading, CancellationTokenSource Ends) Begin(int partition)
    {
        PartitionProgress like = engine.Positions.Process[partition];
        PartitionProgress reading = like.CopyAt(like.Next);
        var ends = new CancellationTokenSource();
        PartitionIngestor ingestor = ingestorOf(reading, topology.DeliveryOf(reading));
        return (ingestor, BackgroundTask.StartAsync(ingestor.RunAsync, ends.Token), ends);
    }
}
