using System.Diagnostics.Metrics;

namespace ContextGrid.Runtime.Outputs;

/// <summary>The counters of outputs, as instruments with the tag <c>output</c>. Thread-safe.</summary>
internal sealed class OutputMetrics
{
    private readonly Counter<long> _records;
    private readonly Counter<long> _tooLarge;
    private readonly Counter<long> _failures;
    private readonly Counter<long> _passes;

    internal OutputMetrics(Meter meter, Func<IEnumerable<OutputWriter>> writers)
    {
        _records = meter.CreateCounter<long>("contextgrid_output_records", "{record}", "Values written, by output.");
        _tooLarge = meter.CreateCounter<long>(
            "contextgrid_output_too_large", "{record}", "Values too large for the topic, by output.");
        _failures = meter.CreateCounter<long>(
            "contextgrid_output_failures", "{attempt}", "Attempts that failed and are made again, by output.");
        _passes = meter.CreateCounter<long>(
            "contextgrid_output_passes", "{pass}", "Passes through all entities, by output.");
        meter.CreateObservableGauge(
            "contextgrid_output_waiting",
            () => writers().Select(w => new Measurement<long>(w.Waiting, Tag(w.Name))),
            "{entity}",
            "Changed entities that are not written yet, by output.");
    }

    /// <summary>Counts what was written, and what was left out.</summary>
    internal void Count(string output, int records, int tooLarge)
    {
        _records.Add(records, Tag(output));
        if (tooLarge > 0)
        {
            _tooLarge.Add(tooLarge, Tag(output));
        }
    }

    /// <summary>Counts an attempt that failed.</summary>
    internal void CountFailure(string output) => _failures.Add(1, Tag(output));

    /// <summary>Counts a pass through all entities.</summary>
    internal void CountPass(string output) => _passes.Add(1, Tag(output));

    private static KeyValuePair<string, object?> Tag(string output) => new("output", output);
}
