using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Topology;

namespace ContextGrid.Orleans;

/// <summary>
/// Whether a silo is to get queries. Its first catching up counts, and later only what is this silo's own affair, such
/// as that it can't look at the partitions that it reads: if the loss of one silo made all others unready as well, a
/// balancer would take the whole cluster out. How far sources are behind stands in answers, status and metrics.
/// Thread-safe.
/// </summary>
internal sealed class SiloReadiness(EmbeddedHost grid)
{
    private volatile bool _wasReady;

    /// <summary>Why it is not; null: it is.</summary>
    internal string? WhyNot(long nowMs)
    {
        if (!_wasReady)
        {
            string? why = grid.WhyNotReady(nowMs);
            _wasReady = why is null;
            return why;
        }

        return grid.Topology.WhyNotReady ?? WhyBlind(nowMs) ?? grid.Log.Incomplete;
    }

    private string? WhyBlind(long nowMs)
    {
        foreach (PartitionReading reading in grid.Topology.Readers.Where(r => r.IsHere))
        {
            PartitionProgress progress = grid.Progress.First(p => p.Partition == reading.Partition);
            if (SourceReadiness.Unseen(progress, nowMs) is { } unseen)
            {
                return reading.Fault is null ? unseen : $"{unseen}: {reading.Fault}";
            }
        }

        // Who reads nothing knows of the sources by those who do.
        return grid.Progress.Length > 0 && grid.Progress.All(p => p.UnseenMs(nowMs) > 0)
            ? SourceReadiness.Unseen(grid.Progress[0], nowMs)
            : null;
    }
}
