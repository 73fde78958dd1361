using System.Diagnostics.Metrics;

namespace ContextGrid.Server.Http.Metrics;

/// <summary>What the process uses, under the names that dashboards for Prometheus expect.</summary>
internal static class ProcessGauges
{
    /// <summary>Creates the instruments.</summary>
    internal static void Add(Meter meter)
    {
        meter.CreateObservableGauge(
            "process_resident_memory", () => Environment.WorkingSet, "By", "Resident memory of the process.");
        meter.CreateObservableCounter(
            "process_cpu", () => Environment.CpuUsage.TotalTime.TotalSeconds, "s", "Processor time used.");
        meter.CreateObservableGauge(
            "dotnet_gc_heap_size",
            () => GC.GetGCMemoryInfo().HeapSizeBytes,
            "By",
            "The managed heap after the last collection.");
        meter.CreateObservableCounter(
            "dotnet_gc_allocated", () => GC.GetTotalAllocatedBytes(), "By", "Memory allocated on the managed heap.");
        meter.CreateObservableCounter("dotnet_gc_collections", Collections, null, "Collections, by generation.");
        meter.CreateObservableCounter(
            "dotnet_gc_pause",
            () => GC.GetTotalPauseDuration().TotalSeconds,
            "s",
            "Time for which collections stopped the process.");
        meter.CreateObservableGauge(
            "dotnet_thread_pool_threads", () => ThreadPool.ThreadCount, "{thread}", "Threads of the pool.");
        meter.CreateObservableGauge(
            "dotnet_thread_pool_queue_length",
            () => ThreadPool.PendingWorkItemCount,
            "{item}",
            "Work that waits for a thread of the pool.");
    }

    private static IEnumerable<Measurement<int>> Collections()
    {
        for (int generation = 0; generation <= GC.MaxGeneration; generation++)
        {
            yield return new Measurement<int>(
                GC.CollectionCount(generation), new KeyValuePair<string, object?>("generation", generation));
        }
    }
}
