using System.Collections.Immutable;
using ContextGrid.Runtime.Ingestion;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;
using StableHash = ContextGrid.Core.Model.StableHash;

namespace ContextGrid.Orleans.Ingestion;

/// <summary>
/// Reads this silo's share of all source partitions. Each silo works the shares out from the cluster's members; while
/// silos see them differently two may read a partition, of which one commits.
/// </summary>
internal sealed partial class IngestionService(
    IngestionParts parts,
    ImmutableArray<TopicPartition> partitions,
    ClusterView view,
    ILocalSiloDetails silo) : BackgroundService
{
    private readonly ILogger _logger = parts.Logger;
    private readonly Dictionary<TopicPartition, (PartitionReader Reader, Task Reading, CancellationTokenSource Ends)>
        _readers = [];

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await Task.WhenAll(Share([]));
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var changed = new SemaphoreSlim(1); // A change may come after the end.
        view.OnChange(() => changed.Release());
        long lossVersion = view.LossVersion;
        while (true)
        {
            await Task.WhenAny(changed.WaitAsync(stoppingToken));
            if (stoppingToken.IsCancellationRequested)
            {
                return;
            }

            if (view.LossVersion != lossVersion)
            {
                lossVersion = view.LossVersion;
                Doubt();
            }

            Share(ShareOf([.. view.Active]));
        }
    }

    private void Doubt()
    {
        lock (_readers)
        {
            foreach ((PartitionReader reader, _, _) in _readers.Values)
            {
                reader.Doubt();
            }
        }
    }

    // Partitions of one topic go round: no silo has two more than another.
    private ImmutableHashSet<TopicPartition> ShareOf(SiloAddress[] active)
    {
        int own = Array.IndexOf(active, silo.SiloAddress);
        return own < 0 ? [] :
        [
            .. partitions.Where(p => (int)((Start(p.Topic) + (ulong)p.Partition) % (ulong)active.Length) == own),
        ];
    }

    private static ulong Start(string topic) => StableHash.Of(System.Text.Encoding.UTF8.GetBytes(topic)) >> 8;

    // Those that end commit once more; nobody else waits for that.
    private List<Task> Share(ImmutableHashSet<TopicPartition> share)
    {
        var ending = new List<Task>();
        lock (_readers)
        {
            foreach ((TopicPartition partition, (_, Task reading, CancellationTokenSource ends)) in _readers.ToArray())
            {
                if (!share.Contains(partition))
                {
                    ends.Cancel();
                    ending.Add(reading);
                    _readers.Remove(partition);
                }
            }

            foreach (TopicPartition partition in share.Where(p => !_readers.ContainsKey(p)))
            {
                var ends = new CancellationTokenSource();
                var reader = new PartitionReader(parts, partition);
                _readers[partition] = (reader, Task.Run(() => reader.RunAsync(ends.Token)), ends);
            }
        }

        LogShare(share.Count, partitions.Length);
        return ending;
    }

    [LoggerMessage(LogLevel.Information, "This silo reads {Count} of {All} partitions.")]
    private partial void LogShare(int count, int all);
}
