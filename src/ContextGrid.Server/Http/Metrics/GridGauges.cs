using System.Diagnostics.Metrics;
using ContextGrid.Runtime.Hosting;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Server.Services;

namespace ContextGrid.Server.Http.Metrics;

/// <summary>The gauges of a server: measured when somebody looks, never on the path of an event or a query.</summary>
internal sealed class GridGauges
{
    private readonly IGridHost _host;
    private readonly TimeProvider _time;

    /// <summary>Creates the instruments on the grid's meter.</summary>
    internal GridGauges(IGridHost host, GridServices services, TimeProvider time)
    {
        _host = host;
        _time = time;
        long started = time.GetTimestamp();
        Meter meter = host.Metrics.Meter;
        meter.CreateObservableGauge(
            "contextgrid_entities",
            () => Types(e => e.All),
            "{entity}",
            "Entities with state, resident or stored, by type.");
        meter.CreateObservableGauge(
            "contextgrid_ready",
            () => services.Readiness.WhyNot() is null ? 1 : 0,
            null,
            "1 when caught up, as /readyz.");
        meter.CreateObservableGauge("contextgrid_watches", () => services.Watch.Count, "{watch}", "Watches that run.");
        meter.CreateObservableGauge(
            "contextgrid_uptime", () => time.GetElapsedTime(started).TotalSeconds, "s", "Time since the start.");
        meter.CreateObservableGauge(
            "contextgrid_build_info",
            () => new Measurement<int>(
                1, new("version", AdminHandlers.Version), new("runtime", Environment.Version.ToString())),
            null,
            "1; the labels tell the version.");
        AddSources(meter);
        AddCheckpoints(meter);
        AddMemory(meter);
        ProcessGauges.Add(meter);
    }

    private long NowMs => _time.GetUtcNow().ToUnixTimeMilliseconds();

    private static Measurement<T> Of<T>(PartitionProgress source, T value)
        where T : struct => new(
            value, new("topic", source.Partition.Topic), new("partition", source.Partition.Partition));

    // What another silo reads, that one reports: a sum over the silos counts each partition once.
    private IEnumerable<Measurement<T>> Sources<T>(Func<PartitionProgress, T> value)
        where T : struct
    {
        IReadOnlyDictionary<TopicPartition, ReaderState> readers = _host.State.Readers;
        return _host.Progress.Where(s => !readers.GetValueOrDefault(s.Partition).IsElsewhere)
            .Select(s => Of(s, value(s)));
    }

    private void AddSources(Meter meter)
    {
        meter.CreateObservableGauge(
            "contextgrid_source_lag_records",
            () => Sources(s => s.Lag),
            "{record}",
            "Records that wait to be applied, by topic and partition.");
        meter.CreateObservableGauge(
            "contextgrid_source_lag",
            () => Sources(s => s.LagMs(NowMs) / 1000.0),
            "s",
            "Age of the oldest record that waits, by topic and partition.");
        meter.CreateObservableGauge(
            "contextgrid_source_applied_offset",
            () => Sources(s => s.Next - 1),
            null,
            "The last applied offset, by topic and partition; -1: none.");
        meter.CreateObservableGauge(
            "contextgrid_source_end_offset",
            () => Sources(s => s.End),
            null,
            "The offset after the last durable record, by topic and partition.");
        meter.CreateObservableGauge(
            "contextgrid_source_gaps",
            () => Sources(s => s.Gaps.Length),
            "{gap}",
            "Declared gaps of which the state knows, by topic and partition.");
    }

    private void AddCheckpoints(Meter meter)
    {
        meter.CreateObservableGauge(
            "contextgrid_checkpoint_generation",
            () => _host.State.Generation,
            null,
            "The generation of the newest durable checkpoint.");
        meter.CreateObservableGauge(
            "contextgrid_checkpoint_age",
            Age,
            "s",
            "Time since the newest durable checkpoint was made; absent before the first one.");
        meter.CreateObservableGauge(
            "contextgrid_checkpoint_failing",
            () => _host.State.DurableFault is null ? 0 : 1,
            null,
            "1 when the last checkpoint failed.");
    }

    private void AddMemory(Meter meter)
    {
        meter.CreateObservableGauge(
            "contextgrid_entities_resident",
            () => Types(e => e.Resident),
            "{entity}",
            "Entities in memory, by type.");
        meter.CreateObservableGauge(
            "contextgrid_entities_resident_size",
            () => _host.State.Memory.ResidentBytes,
            "By",
            "An estimate of the memory of resident entities.");
        meter.CreateObservableGauge(
            "contextgrid_entities_lookup_size",
            () => _host.State.Memory.LookupBytes,
            "By",
            "The memory that look-ups of entities take which are not resident.");
        meter.CreateObservableGauge(
            "contextgrid_memory_max", () => _host.State.Memory.MaxBytes, "By", "The budget of entities; 0: unlimited.");
        meter.CreateObservableGauge(
            "contextgrid_checkpoint_damaged_segments",
            () => _host.State.DamagedSegments.Count,
            "{segment}",
            "Damaged segments of the checkpoint that are known.");
    }

    private IEnumerable<Measurement<double>> Age() =>
        _host.State.DurableMs is { } madeMs ? [new(Math.Max(0, NowMs - madeMs) / 1000.0)] : [];

    private IEnumerable<Measurement<long>> Types(Func<EntityCount, long> count) => _host.State.Entities.Select(
        (e, i) => new Measurement<long>(
            count(e), new KeyValuePair<string, object?>("type", _host.Grid.Plans[i].Definition.Name)));
}
