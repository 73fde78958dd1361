using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace ContextGrid.Server.Http.Metrics;

/// <summary>Listens to the instruments of meters and writes them for Prometheus. Thread-safe. Counts of instruments
/// start when the collector does, so it is created before the first event.</summary>
internal sealed class PrometheusCollector : IDisposable
{
    private readonly ConcurrentDictionary<Instrument, MetricFamily> _families = new();
    private readonly List<MeterListener> _listeners = [];
    private readonly Lock _gate = new();

    /// <summary>Starts to listen.</summary>
    /// <param name="meter">The meter; meters of the same name, of other servers in the process, are not heard.</param>
    internal PrometheusCollector(Meter meter) => Listen(meter, _ => true);

    /// <summary>Listens to a meter of somebody else too, which may have run for a while: what it counts from now on,
    /// and what it says when it is asked. Its histograms have other units than the bounds here.</summary>
    internal void Add(Meter meter) => Listen(meter, f => f.IsObserved || f.Kind == MetricKind.Counter);

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

            _listeners.ForEach(l => l.RecordObservableInstruments());
            var text = new PrometheusText();
            foreach (MetricFamily family in families)
            {
                family.Write(text);
            }

            return text.ToString();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _listeners.ForEach(l => l.Dispose());

    private void Listen(Meter meter, Predicate<MetricFamily> isWanted)
    {
        var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (ReferenceEquals(instrument.Meter, meter) && new MetricFamily(instrument) is { } family
                    && isWanted(family))
                {
                    listener.EnableMeasurementEvents(instrument, _families.GetOrAdd(instrument, family));
                }
            },
        };
        listener.SetMeasurementEventCallback<long>(static (_, value, tags, state) => Take(value, tags, state));
        listener.SetMeasurementEventCallback<int>(static (_, value, tags, state) => Take(value, tags, state));
        listener.SetMeasurementEventCallback<double>(static (_, value, tags, state) => Take(value, tags, state));
        lock (_gate)
        {
            _listeners.Add(listener);
        }

        listener.Start();
    }

    private static void Take(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state) =>
        (state as MetricFamily)?.Record(value, tags);
}
