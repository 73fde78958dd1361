using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace ContextGrid.Server.Http.Metrics;

/// <summary>Listens to the instruments of one meter and writes them for Prometheus. Thread-safe. Counts of instruments
/// start when the collector does, so it is created before the first event.</summary>
internal sealed class PrometheusCollector : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<Instrument, MetricFamily> _families = new();
    private readonly Lock _gate = new();

    /// <summary>Starts to listen.</summary>
    /// <param name="meter">The meter; meters of the same name, of other servers in the process, are not heard.</param>
    internal PrometheusCollector(Meter meter)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (ReferenceEquals(instrument.Meter, meter))
            {
                MetricFamily family = _families.GetOrAdd(instrument, i => new MetricFamily(i));
                listener.EnableMeasurementEvents(instrument, family);
            }
        };
        _listener.SetMeasurementEventCallback<long>(static (_, value, tags, state) => Take(value, tags, state));
        _listener.SetMeasurementEventCallback<int>(static (_, value, tags, state) => Take(value, tags, state));
        _listener.SetMeasurementEventCallback<double>(static (_, value, tags, state) => Take(value, tags, state));
        _listener.Start();
    }

    /// <summary>Observes what is to be observed, and writes everything.</summary>
    internal string Collect()
    {
        // Two scrapes at a time must not clear each other's observations.
        lock (_gate)
        {
            MetricFamily[] families = [.. _families.Values.OrderBy(f => f.Name, StringComparer.Ordinal)];
            foreach (MetricFamily family in families.Where(f => f.IsObserved))
            {
                family.Clear();
            }

            _listener.RecordObservableInstruments();
            var text = new PrometheusText();
            foreach (MetricFamily family in families)
            {
                family.Write(text);
            }

            return text.ToString();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _listener.Dispose();

    private static void Take(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state) =>
        (state as MetricFamily)?.Record(value, tags);
}
