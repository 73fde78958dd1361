using System.Diagnostics.Metrics;

namespace ContextGrid.Server.Http.Metrics;

/// <summary>One instrument with all its series, under the name that Prometheus gives it. Thread-safe.</summary>
internal sealed class MetricFamily
{
    /// <summary>The most series of an instrument: topics times reasons stay far below it. What is more is dropped and
    /// counted, so that a mistake in tags can't fill the memory.</summary>
    internal const int SeriesMax = 4_096;

    private readonly Lock _gate = new();
    private readonly bool _isTotal;
    private readonly Dictionary<KeyValuePair<string, object?>[], MetricSeries> _series = new(new TagComparer());

    internal MetricFamily(Instrument instrument)
    {
        Kind = KindOf(instrument);
        Name = NameOf(instrument, Kind);
        Help = instrument.Description ?? "";
        IsObserved = instrument.IsObservable;
        _isTotal = IsObserved || instrument.GetType().GetGenericTypeDefinition() == typeof(Gauge<>);
    }

    /// <summary>The name with its unit and suffix.</summary>
    internal string Name { get; }

    /// <summary>What is measured.</summary>
    internal string Help { get; }

    /// <summary>Prometheus' type.</summary>
    internal MetricKind Kind { get; }

    /// <summary>Whether it is measured when somebody looks.</summary>
    internal bool IsObserved { get; }

    /// <summary>Measurements without a place.</summary>
    internal long Dropped { get; private set; }

    /// <summary>Takes a measurement. Allocates only for tags that are new.</summary>
    internal void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        lock (_gate)
        {
            var lookup = _series.GetAlternateLookup<ReadOnlySpan<KeyValuePair<string, object?>>>();
            if (!lookup.TryGetValue(tags, out MetricSeries? series))
            {
                if (_series.Count >= SeriesMax)
                {
                    Dropped++;
                    return;
                }

                series = new MetricSeries(tags.ToArray(), Kind);
                lookup[tags] = series;
            }

            if (_isTotal)
            {
                series.Set(value);
            }
            else
            {
                series.Add(value);
            }
        }
    }

    /// <summary>Forgets the series of an observed instrument, before it is observed anew: a series that is gone must
    /// not keep its last value.</summary>
    internal void Clear()
    {
        lock (_gate)
        {
            _series.Clear();
        }
    }

    /// <summary>Writes every series while none changes.</summary>
    internal void Write(PrometheusText text)
    {
        lock (_gate)
        {
            text.Family(Name, Help, Kind);
            foreach (MetricSeries series in _series.Values)
            {
                text.Series(Name, Kind, series);
            }
        }
    }

    private static MetricKind KindOf(Instrument instrument)
    {
        Type type = instrument.GetType().GetGenericTypeDefinition();
        return type == typeof(Counter<>) || type == typeof(ObservableCounter<>) ? MetricKind.Counter
            : type == typeof(Histogram<>) ? MetricKind.Histogram
            : MetricKind.Gauge;
    }

    // A unit in braces is an annotation of OpenTelemetry, which Prometheus leaves out; a name there has no hyphens.
    private static string NameOf(Instrument instrument, MetricKind kind)
    {
        string unit = instrument.Unit switch
        {
            "s" => "_seconds",
            "By" => "_bytes",
            _ => "",
        };
        return instrument.Name.Replace('-', '_') + unit + (kind == MetricKind.Counter ? "_total" : "");
    }
}
