using System.Globalization;
using ContextGrid.Orleans.Ingestion;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Ingestion;
using Orleans.Runtime;

namespace ContextGrid.Orleans;

/// <summary>
/// Whether a silo is to get queries. Its first catching up counts, and later only what is this silo's own affair, such
/// as that it can't look at the partitions that it reads: if the loss of one silo made all others unready as well, a
/// balancer would take the whole cluster out. How far sources are behind stands in answers, status and metrics.
/// Thread-safe.
/// </summary>
internal sealed class SiloReadiness(
    GridContext grid, ClusterView view, ClusterSources sources, ILocalSiloDetails silo)
{
    private const long SilentMaxMs = 10_000;

    private volatile bool _wasReady;

    /// <summary>Why it is not; null: it is.</summary>
    internal string? WhyNot(long nowMs)
    {
        if (!view.Active.Contains(silo.SiloAddress))
        {
            return "this silo is not a member of the cluster";
        }

        long heardMs = sources.Reports.Max(r => r.Report?.SaidMs ?? 0);
        if (nowMs - heardMs > SilentMaxMs)
        {
            return heardMs == 0 ? "no silo has said yet how far it is" : string.Create(
                CultureInfo.InvariantCulture, $"nothing was heard of any source for {(nowMs - heardMs) / 1000} s");
        }

        if (!_wasReady)
        {
            string? behind = SourceReadiness.WhyNot(
                grid.Definitions, sources.Progress.Zip(sources.Reports, (p, r) => (p, r.Report?.Fault)), nowMs);
            _wasReady = behind is null;
            return behind;
        }

        return WhyBlind(nowMs);
    }

    private string? WhyBlind(long nowMs)
    {
        string self = silo.SiloAddress.ToString();
        foreach ((PartitionProgress progress, (_, PartitionReport? report)) in sources.Progress.Zip(sources.Reports))
        {
            if (report?.Reader == self && SourceReadiness.Unseen(progress, nowMs) is { } unseen)
            {
                return report.Fault is { } fault ? $"{unseen}: {fault}" : unseen;
            }
        }

        return null;
    }
}
