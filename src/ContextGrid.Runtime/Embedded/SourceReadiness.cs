using System.Collections.Immutable;
using System.Globalization;
using ContextGrid.Core.Definitions;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.Embedded;

/// <summary>Says in words how far the sources are applied.</summary>
internal static class SourceReadiness
{
    /// <summary>Whether every source is caught up within the smallest freshness objective.</summary>
    /// <param name="definitions">The definitions in force; they have the objectives.</param>
    /// <param name="sources">All source partitions, and what holds them up.</param>
    /// <param name="nowMs">The present time, milliseconds since the Unix epoch.</param>
    /// <returns>Why it is not, or null.</returns>
    internal static string? WhyNot(
        DefinitionSet definitions, IEnumerable<(PartitionProgress Progress, string? Fault)> sources, long nowMs)
    {
        (PartitionProgress Progress, string? Fault)[] all = [.. sources];
        if (Array.Find(all, s => s.Fault is not null) is { Fault: { } fault, Progress.Partition: var stopped })
        {
            return $"{stopped.Topic}/{stopped.Partition}: {fault}";
        }

        long objectiveMs = definitions.Entities.Select(e => e.FreshnessMs).DefaultIfEmpty(2000).Min();
        IEnumerable<PartitionProgress> progress = all.Select(s => s.Progress);
        PartitionProgress? behind = progress.FirstOrDefault(p => p.IsRebuilding);
        if (behind is not null)
        {
            return $"{behind.Partition.Topic}/{behind.Partition.Partition} is rebuilding: {behind.Lag} records to go";
        }

        behind = progress.MaxBy(p => p.LagMs(nowMs));
        if (behind is not null && Unseen(behind, nowMs) is { } unseen)
        {
            return unseen;
        }

        return behind is not null && behind.Lag > 0 && behind.LagMs(nowMs) > objectiveMs
            ? $"{behind.Partition.Topic}/{behind.Partition.Partition} is {behind.Lag} records behind"
            : null;
    }

    /// <summary>Says that nobody has looked at a partition's end for too long; null: somebody has.</summary>
    internal static string? Unseen(PartitionProgress progress, long nowMs) =>
        progress.UnseenMs(nowMs) is > 0 and var unseenMs
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"{progress.Partition.Topic}/{progress.Partition.Partition}: its end was not seen for "
                + $"{unseenMs / 1000} s, so nobody knows what waits")
            : null;

    /// <summary>How many records wait in the log, as a sentence.</summary>
    internal static string Backlog(ImmutableArray<PartitionProgress> progress)
    {
        long records = progress.Sum(p => p.Lag);
        return records == 0
            ? "nothing waits in the log"
            : string.Create(CultureInfo.InvariantCulture, $"{records:N0} records wait in the log and are applied now");
    }
}
